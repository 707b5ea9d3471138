"""HTTP in: one connection after another, none of which is waited for without end."""
