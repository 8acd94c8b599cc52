"""The campaign page while a campaign is sent and afterwards."""
