"""Pictures of networks: what they have learned, what they look at, and how their gradients flow.

Functions whose name begins with `plot_` return a matplotlib figure (extra `plot`); the others compute arrays.
"""

from __future__ import annotations

from nn.visualize.attacks import fast_gradient_sign, plot_attack
from nn.visualize.attribution import grad_cam, occlusion, plot_heatmaps, saliency
from nn.visualize.classifiers import plot_confusion, plot_decision_boundary
from nn.visualize.curves import plot_curves
from nn.visualize.features import feature_maps, plot_feature_maps
from nn.visualize.filters import plot_filters
from nn.visualize.flow import FlowRow, GradientFlow, gradient_flow
from nn.visualize.histograms import plot_histograms
from nn.visualize.pictures import plot_images
from nn.visualize.responses import maximize_activation, plot_responses

__all__ = [
    "FlowRow",
    "GradientFlow",
    "fast_gradient_sign",
    "feature_maps",
    "grad_cam",
    "gradient_flow",
    "maximize_activation",
    "occlusion",
    "plot_attack",
    "plot_confusion",
    "plot_curves",
    "plot_decision_boundary",
    "plot_feature_maps",
    "plot_filters",
    "plot_heatmaps",
    "plot_histograms",
    "plot_images",
    "plot_responses",
    "saliency",
]
