"""The documents: one Beanie document per file, no logic beyond keeping a document true to itself."""

from models.ai_call import AiCall
from models.api_key import ApiKey
from models.audit_entry import AuditEntry
from models.campaign import Campaign
from models.chunk import Chunk
from models.customer import Customer
from models.delivery import Delivery
from models.import_job import ImportJob
from models.import_reject import ImportReject
from models.member import Member
from models.order import Order
from models.outbox import OutboxMessage
from models.policy import ApprovalPolicy
from models.receipt import Receipt
from models.roster_block import RosterBlock
from models.segment import Segment
from models.segment_draft import SegmentDraft
from models.segment_record import SegmentRecord
from models.segment_revision import SegmentRevision
from models.segment_state import RecordKeeper, SegmentBits, SegmentState
from models.session import Session
from models.sign_in_policy import SignInPolicy
from models.suppression import Suppression

DOCUMENTS = [
    AiCall,
    ApiKey,
    ApprovalPolicy,
    AuditEntry,
    Campaign,
    Chunk,
    Customer,
    Delivery,
    ImportJob,
    ImportReject,
    Member,
    Order,
    OutboxMessage,
    Receipt,
    RecordKeeper,
    RosterBlock,
    Segment,
    SegmentBits,
    SegmentRecord,
    SegmentRevision,
    SegmentState,
    SegmentDraft,
    Session,
    SignInPolicy,
    Suppression,
]

__all__ = [
    "DOCUMENTS",
    "AiCall",
    "ApiKey",
    "ApprovalPolicy",
    "AuditEntry",
    "Campaign",
    "Chunk",
    "Customer",
    "Delivery",
    "ImportJob",
    "ImportReject",
    "Member",
    "Order",
    "OutboxMessage",
    "Receipt",
    "RecordKeeper",
    "RosterBlock",
    "Segment",
    "SegmentBits",
    "SegmentDraft",
    "SegmentRecord",
    "SegmentRevision",
    "SegmentState",
    "Session",
    "SignInPolicy",
    "Suppression",
]
