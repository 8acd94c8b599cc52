"""The documents: one Beanie document per file, no logic beyond keeping a document true to itself."""

from models.ai_call import AiCall
from models.campaign import Campaign
from models.chunk import Chunk
from models.customer import Customer
from models.delivery import Delivery
from models.import_job import ImportJob
from models.import_reject import ImportReject
from models.member import Member
from models.order import Order
from models.outbox import OutboxMessage
from models.segment import Segment
from models.suppression import Suppression

DOCUMENTS = [
    AiCall,
    Campaign,
    Chunk,
    Customer,
    Delivery,
    ImportJob,
    ImportReject,
    Member,
    Order,
    OutboxMessage,
    Segment,
    Suppression,
]

__all__ = [
    "DOCUMENTS",
    "AiCall",
    "Campaign",
    "Chunk",
    "Customer",
    "Delivery",
    "ImportJob",
    "ImportReject",
    "Member",
    "Order",
    "OutboxMessage",
    "Segment",
    "Suppression",
]
