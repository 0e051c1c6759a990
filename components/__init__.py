"""Silent Scalper: every uploaded file on AWS ends with a known fate."""

from .args import EmailOn, SilentScalperPipelineArgs
from .pipeline import SilentScalperPipeline

__all__ = ["EmailOn", "SilentScalperPipeline", "SilentScalperPipelineArgs"]
