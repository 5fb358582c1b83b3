"""The nodes Upload, Files Exist and Server Info: files of a server, and how they get there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from ..errors import RequestRejected
from .checks import complaint
from .host import Display, interruptible, model_files
from .sockets import ServerSocket

if TYPE_CHECKING:
    from .records import AnyServer

NOTHING = "none"


class Upload(io.ComfyNode):
    """Sends a file of this computer to the server, unless it is there."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Drawbridge_Upload",
            display_name="Draw Things Upload",
            category="Draw Things",
            description="Sends a model file to the server, unless the server has it. Draw Things "
            "reads its own .ckpt files; others have to be imported in the app.",
            inputs=[
                ServerSocket.Input("server", tooltip="From Connect."),
                io.Combo.Input(
                    "source",
                    options=[NOTHING, *model_files()],
                    default=NOTHING,
                    tooltip="A file of ComfyUI's model folders. Ignored if path is filled in.",
                ),
                io.String.Input(
                    "path",
                    optional=True,
                    default="",
                    tooltip="Instead of source: the path of a file on the computer that runs "
                    "ComfyUI, in a folder that its "
                    "environment variable DRAWBRIDGE_UPLOAD_FOLDERS names.",
                ),
                io.String.Input(
                    "remote_name",
                    optional=True,
                    default="",
                    tooltip="What the file is called on the server; empty for its own name.",
                ),
                io.Boolean.Input(
                    "compare_hash",
                    optional=True,
                    default=False,
                    tooltip="Off: nothing is sent if the server has a file of that name. On: its "
                    "content is compared too, and another one is replaced; the server stalls "
                    "while it reads the file.",
                ),
            ],
            outputs=[
                io.String.Output(
                    display_name="file", tooltip="The name on the server, for Load Model."
                ),
                io.String.Output(display_name="report", tooltip="What happened, in words."),
            ],
            hidden=[io.Hidden.unique_id],
            is_output_node=True,
        )

    @classmethod
    def validate_inputs(
        cls, source: str | None = None, path: str | None = "", remote_name: str | None = ""
    ) -> bool | str:
        """Say at the node what cannot be sent; what is linked arrives as None."""
        from ..client.upload.local_file import check_name
        from .servers import upload_sources

        def check() -> None:
            if source is not None and path is not None:
                upload_sources.find(_chosen(source, path))
            if remote_name and remote_name.strip():
                check_name(remote_name.strip())

        return complaint(check)

    @classmethod
    def fingerprint_inputs(
        cls, source: str | None = None, path: str | None = "", **inputs: Any
    ) -> str:
        """Run again when the file has changed."""
        from .servers import upload_sources

        try:
            seen = upload_sources.find(_chosen(source or "", path or "")).stat()
        except (RequestRejected, OSError):
            return ""
        return f"{seen.st_size} {seen.st_mtime_ns}"

    @classmethod
    async def execute(
        cls,
        server: AnyServer,
        source: str,
        path: str = "",
        remote_name: str = "",
        compare_hash: bool = False,
    ) -> io.NodeOutput:
        from .servers import file_transfer

        display = Display(cls.hidden.unique_id)
        work = file_transfer.send(
            server, _chosen(source, path), remote_name.strip(), compare_hash, display
        )
        name, report = await interruptible(work)
        return io.NodeOutput(name, report)


def _chosen(source: str, path: str) -> str:
    return path.strip() or ("" if source == NOTHING else source)


class FilesExist(io.ComfyNode):
    """Asks the server for files by name, which works with its model browser off, too."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Drawbridge_FilesExist",
            display_name="Draw Things Files Exist",
            category="Draw Things",
            description="Tells which files the server has.",
            inputs=[
                ServerSocket.Input("server", tooltip="From Connect."),
                io.String.Input(
                    "names", multiline=True, default="", tooltip="File names, one in each line."
                ),
                io.Boolean.Input(
                    "with_hashes",
                    optional=True,
                    default=False,
                    tooltip="Tell the SHA-256 of each file, too. The server stalls "
                    "while it reads them.",
                ),
            ],
            outputs=[
                io.String.Output(display_name="text", tooltip="One line for each file."),
                io.String.Output(
                    display_name="json", tooltip="A list of objects: name, exists, sha256."
                ),
                io.Boolean.Output(
                    display_name="all_there", tooltip="True if the server has every file."
                ),
            ],
        )

    @classmethod
    def validate_inputs(cls, names: str | None) -> bool | str:
        """Say at the field that a name is missing; linked names arrive as None."""
        if names is not None and not names.strip():
            return "No file is named. Enter file names, one in each line."
        return True

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> float:
        """Ask every time: files come and go on the server."""
        return float("nan")

    @classmethod
    async def execute(
        cls, server: AnyServer, names: str, with_hashes: bool = False
    ) -> io.NodeOutput:
        from .servers import file_transfer

        answer = await interruptible(file_transfer.files_exist(server, names, with_hashes))
        return io.NodeOutput(*answer)


class ServerInfo(io.ComfyNode):
    """Shows what the server tells about itself."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="Drawbridge_ServerInfo",
            display_name="Draw Things Server Info",
            category="Draw Things",
            description="Tells what the server says about itself: its greeting, what it has, and "
            "the limits of a cloud account.",
            inputs=[ServerSocket.Input("server", tooltip="From Connect.")],
            outputs=[
                io.String.Output(display_name="text", tooltip="For people, several lines."),
                io.String.Output(display_name="json", tooltip="The same as an object."),
            ],
        )

    @classmethod
    def fingerprint_inputs(cls, **inputs: Any) -> float:
        """Ask every time: a server changes by itself."""
        return float("nan")

    @classmethod
    async def execute(cls, server: AnyServer) -> io.NodeOutput:
        from .servers import file_transfer

        return io.NodeOutput(*await interruptible(file_transfer.describe(server)))
