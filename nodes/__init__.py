"""The nodes, in the order of the menu."""

from __future__ import annotations

from comfy_api.latest import ComfyExtension, io

from .configuration import ExportConfiguration, ImportConfiguration
from .connect import Connect
from .control import ControlNetHint, Moodboard
from .files import FilesExist, ServerInfo, Upload
from .generate import Generate
from .given_values import checked
from .lora import LoRAStack
from .model import LoadModel
from .pool import Pool
from .presentation import presented
from .prompt import Prompt, PromptBatch
from .recommended import RecommendedSettings
from .settings.by_model import ImagePrior, SDXLSizeConditioning, SecondStage, TextEncoders, Video
from .settings.general import (
    HighResolutionFix,
    Inpainting,
    Refiner,
    SamplingDetails,
    Speed,
    Tiling,
    UpscalerAndFaces,
)

_NODES: list[type[io.ComfyNode]] = [
    Connect,
    Pool,
    LoadModel,
    LoRAStack,
    ControlNetHint,
    Moodboard,
    Prompt,
    PromptBatch,
    Generate,
    RecommendedSettings,
    ImportConfiguration,
    ExportConfiguration,
    Upload,
    FilesExist,
    ServerInfo,
    SamplingDetails,
    HighResolutionFix,
    Refiner,
    UpscalerAndFaces,
    Inpainting,
    Speed,
    Tiling,
    TextEncoders,
    Video,
    SDXLSizeConditioning,
    SecondStage,
    ImagePrior,
]
NODES = [checked(presented(node)) for node in _NODES]


class Drawbridge(ComfyExtension):
    """What ComfyUI asks for our nodes."""

    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        from . import replacements
        from .routes import ready_graphs, table

        table.register()  # here, as ComfyUI 0.3.64 does not call on_load
        ready_graphs.register()
        await replacements.register()
        return NODES
