"""What consumers are told: public events as CloudEvents, which types there are, and pages."""
