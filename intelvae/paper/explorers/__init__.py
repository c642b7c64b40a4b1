"""Figures that a reader moves: pieces of HTML that cells display, which need no network, library or kernel."""

from intelvae.paper.explorers.decoder import DecoderExplorer
from intelvae.paper.explorers.line import LineExplorer
from intelvae.paper.explorers.mapping import MappingExplorer
from intelvae.paper.explorers.trade_off import TradeOffExplorer
from intelvae.paper.explorers.traversals import Explorer

__all__ = ["DecoderExplorer", "Explorer", "LineExplorer", "MappingExplorer", "TradeOffExplorer"]
