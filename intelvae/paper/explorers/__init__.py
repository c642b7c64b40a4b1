"""Figures that a reader moves: pieces of HTML that cells display, which need no network, library or kernel."""

from intelvae.paper.explorers.mapping import MappingExplorer
from intelvae.paper.explorers.trade_off import TradeOffExplorer
from intelvae.paper.explorers.traversals import Explorer

__all__ = ["Explorer", "MappingExplorer", "TradeOffExplorer"]
