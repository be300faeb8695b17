"""Regions and their population densities: brought by the user, kept in one file, asked by place."""

from anonymizer.geodata.regions import NoRegion, Region, Regions
from anonymizer.geodata.store import Geodata, load_geodata

__all__ = ["Geodata", "NoRegion", "Region", "Regions", "load_geodata"]
