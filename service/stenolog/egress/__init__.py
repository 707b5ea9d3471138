"""The one way out: every outgoing connection, with its address checked when it is made."""
