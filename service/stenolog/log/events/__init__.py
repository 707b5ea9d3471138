"""Declare every type of event, by family; `log.catalogue` lists them all."""
