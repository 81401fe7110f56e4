"""Sources: each yields Blobs, and Unreadables for what it could not read."""
