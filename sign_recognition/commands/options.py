"""Options that several verbs have, said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Mirrored = Annotated[bool, typer.Option(help='The images are mirror images (selfie view).')]
Width = Annotated[int, typer.Option(min=16, help='Image width, px.')]
Height = Annotated[int, typer.Option(min=16, help='Image height, px.')]
Rate = Annotated[float, typer.Option(min=1, help='Images per second.')]
Seed = Annotated[int, typer.Option(min=0, help='Which rendered signer.')]
Solution = Annotated[
    str, typer.Option(help='MediaPipe solution: hands, holistic, or auto: what the model reads.')
]
Model = Annotated[str, typer.Option(help='ONNX file or name of a shipped model.')]
Gestures = Annotated[str, typer.Option(help='Gesture table (YAML): what each gesture does.')]
Stamped = Annotated[bool, typer.Option(help='TwistStamped commands, else Twist.')]
CommandTopic = Annotated[str, typer.Option(help='Topic of the commands.')]
Config = Annotated[
    str, typer.Option(help='Parameter file (ROS 2 YAML) that wins over the defaults.')
]
Duration = Annotated[
    float | None, typer.Option(min=0.1, help='End after so many seconds from the first image.')
]
Report = Annotated[Path | None, typer.Option(dir_okay=False, help='JSON file to write at the end.')]
JsonReport = Annotated[Path | None, typer.Option(dir_okay=False, help='JSON file to write.')]
HtmlReport = Annotated[Path | None, typer.Option(dir_okay=False, help='HTML file to write.')]
ImageTopic = Annotated[str, typer.Option(help='Images to take, where the bag holds several.')]
Plain = Annotated[bool, typer.Option(help='Lines instead of a picture.')]
