"""A household's location replaced by a random one in a ring around it (thesis 3.1.4 and 4.4.2)."""

from anonymizer.location.anonymize import AnonymizedLocation, anonymize_location
from anonymizer.location.distances import Distances, distances
from anonymizer.location.ring import Ring

__all__ = ["AnonymizedLocation", "Distances", "Ring", "anonymize_location", "distances"]
