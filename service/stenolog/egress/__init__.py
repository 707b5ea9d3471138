"""Make every outgoing connection, and check its address when connecting."""
