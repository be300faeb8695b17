"""The survey's own certificate authority: an offline root, an issuing authority below it, records, CRLs."""
