"""The pure part: bytes in, values out. Nothing here touches a disk, a process or a network."""
