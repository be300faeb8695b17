"""The replicator: CouchDB's replication protocol between any two databases over HTTP."""
