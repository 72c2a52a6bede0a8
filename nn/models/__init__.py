"""The classic networks, from a single neuron to GoogLeNet and ResNet, with their published numbers of parameters.

Where torchvision has a network, its names of functions, arguments and parameters are the same, so that its weights fit:
`net.load_state_dict(nn.weights.load("resnet50.safetensors"))`. Networks in which one part follows the other are
`Sequential`s. `width=` makes small ones of the same form, for trying things out.
"""

from __future__ import annotations

from nn.models.alexnets import AlexNet, TwoColumnAlexNet, alexnet
from nn.models.characters import CharRNN, CharTransformer, Vocabulary
from nn.models.converting import to_convolutional
from nn.models.gan import GAN
from nn.models.inception import BasicConv2d, GoogLeNet, GoogLeNetOutputs, Inception, googlenet
from nn.models.lenet import LeNet5, RBFOutput, rbf_loss
from nn.models.nielsen import CHAPTER6, ConvPoolLayer, FullyConnectedLayer, SoftmaxLayer, chapter6
from nn.models.resnet import (
    BasicBlock,
    Bottleneck,
    ResNet,
    resnet18,
    resnet34,
    resnet50,
    resnet101,
    resnet152,
)
from nn.models.simple import MLP, LinearRegression, LogisticRegression, SigmoidNeuron, SoftmaxRegression
from nn.models.vgg import VGG, vgg16, vgg19

__all__ = [
    "CHAPTER6",
    "GAN",
    "MLP",
    "VGG",
    "AlexNet",
    "BasicBlock",
    "BasicConv2d",
    "Bottleneck",
    "CharRNN",
    "CharTransformer",
    "ConvPoolLayer",
    "FullyConnectedLayer",
    "GoogLeNet",
    "GoogLeNetOutputs",
    "Inception",
    "LeNet5",
    "LinearRegression",
    "LogisticRegression",
    "RBFOutput",
    "ResNet",
    "SigmoidNeuron",
    "SoftmaxLayer",
    "SoftmaxRegression",
    "TwoColumnAlexNet",
    "Vocabulary",
    "alexnet",
    "chapter6",
    "googlenet",
    "rbf_loss",
    "resnet18",
    "resnet34",
    "resnet50",
    "resnet101",
    "resnet152",
    "to_convolutional",
    "vgg16",
    "vgg19",
]
