"""What becomes known of a message after it left: receipts of vendors, and decisions of members."""
