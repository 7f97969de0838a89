"""The table of networks: every Keras application, and what the user registers."""

from collections.abc import Mapping

from .._hints import did_you_mean
from ..exceptions import BackboneError, UnknownBackboneError
from ._backbone import Backbone

# Name, input size, smallest size, features, preprocessing, as ``describe_application``
# reads them off Keras; kept here so that looking at the table does not import Keras.
# A test compares every line with the installed Keras.
_APPLICATIONS = (
    ("ConvNeXtBase", 224, 32, 1024, "none"),
    ("ConvNeXtLarge", 224, 32, 1536, "none"),
    ("ConvNeXtSmall", 224, 32, 768, "none"),
    ("ConvNeXtTiny", 224, 32, 768, "none"),
    ("ConvNeXtXLarge", 224, 32, 2048, "none"),
    ("DenseNet121", 224, 32, 1024, "torch"),
    ("DenseNet169", 224, 32, 1664, "torch"),
    ("DenseNet201", 224, 32, 1920, "torch"),
    ("EfficientNetB0", 224, 32, 1280, "none"),
    ("EfficientNetB1", 240, 32, 1280, "none"),
    ("EfficientNetB2", 260, 32, 1408, "none"),
    ("EfficientNetB3", 300, 32, 1536, "none"),
    ("EfficientNetB4", 380, 32, 1792, "none"),
    ("EfficientNetB5", 456, 32, 2048, "none"),
    ("EfficientNetB6", 528, 32, 2304, "none"),
    ("EfficientNetB7", 600, 32, 2560, "none"),
    ("EfficientNetV2B0", 224, 32, 1280, "none"),
    ("EfficientNetV2B1", 240, 32, 1280, "none"),
    ("EfficientNetV2B2", 260, 32, 1408, "none"),
    ("EfficientNetV2B3", 300, 32, 1536, "none"),
    ("EfficientNetV2L", 480, 32, 1280, "none"),
    ("EfficientNetV2M", 480, 32, 1280, "none"),
    ("EfficientNetV2S", 384, 32, 1280, "none"),
    ("InceptionResNetV2", 299, 75, 1536, "tf"),
    ("InceptionV3", 299, 75, 2048, "tf"),
    ("MobileNet", 224, 32, 1024, "tf"),
    ("MobileNetV2", 224, 32, 1280, "tf"),
    ("MobileNetV3Large", 224, 32, 960, "none"),
    ("MobileNetV3Small", 224, 32, 576, "none"),
    ("NASNetLarge", 331, 32, 4032, "tf"),
    ("NASNetMobile", 224, 32, 1056, "tf"),
    ("ResNet101", 224, 32, 2048, "caffe"),
    ("ResNet101V2", 224, 32, 2048, "tf"),
    ("ResNet152", 224, 32, 2048, "caffe"),
    ("ResNet152V2", 224, 32, 2048, "tf"),
    ("ResNet50", 224, 32, 2048, "caffe"),
    ("ResNet50V2", 224, 32, 2048, "tf"),
    ("VGG16", 224, 32, 512, "caffe"),
    ("VGG19", 224, 32, 512, "caffe"),
    ("Xception", 299, 71, 2048, "tf"),
)


class BackboneTable(Mapping):
    """All networks by name: the applications of Keras and the registered ones.

    A network of the installed Keras that the library does not know yet is described
    when it is first asked for.

    Examples
    --------
    >>> from fusionlearn import BACKBONES
    >>> len(BACKBONES) >= 40, BACKBONES["ResNet50"].n_features
    (True, 2048)
    """

    def __init__(self):
        self._entries = {row[0]: Backbone(*row) for row in _APPLICATIONS}

    def __getitem__(self, name):
        if name not in self._entries:
            self._entries[name] = self._describe(name)
        return self._entries[name]

    def __iter__(self):
        return iter(sorted(self._entries))

    def __len__(self):
        return len(self._entries)

    def __repr__(self):
        return f"BackboneTable({', '.join(self)})"

    def register(self, backbone):
        """Add a network, or put it in the place of one registered before.

        Parameters
        ----------
        backbone : Backbone
            The network.

        Raises
        ------
        BackboneError
            If a Keras application has that name.
        """
        known = self._entries.get(backbone.name)
        if known is not None and known.is_application:
            raise BackboneError(
                f"{backbone.name!r} is a Keras application: register under another name."
            )
        self._entries[backbone.name] = backbone

    def _describe(self, name):
        from ._describe import application_names, describe_application

        if isinstance(name, str) and name in application_names():
            return describe_application(name)
        hint = did_you_mean(name, self._entries, n=3, cutoff=0.5)
        raise UnknownBackboneError(
            f"application={name!r} is no network of this Keras and none that was registered in "
            f"this process.{hint} All names: sorted(fusionlearn.BACKBONES). A network of your "
            "own is added by fusionlearn.register_backbone; in worker processes pass what that "
            "function returns instead of the name."
        )


BACKBONES = BackboneTable()
