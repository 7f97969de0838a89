"""The table of networks: every Keras application, and what the user registers."""

from collections.abc import Mapping

from .._hints import did_you_mean
from ..exceptions import BackboneError, UnknownBackboneError
from ._backbone import Backbone

# Name, input size, smallest size, features, preprocessing, parameters, as
# ``describe_application`` reads them off Keras; kept here so that looking at the table does not
# import Keras.
# A test compares every line with the installed Keras.
_APPLICATIONS = (
    ("ConvNeXtBase", 224, 32, 1024, "none", 87_566_464),
    ("ConvNeXtLarge", 224, 32, 1536, "none", 196_230_336),
    ("ConvNeXtSmall", 224, 32, 768, "none", 49_454_688),
    ("ConvNeXtTiny", 224, 32, 768, "none", 27_820_128),
    ("ConvNeXtXLarge", 224, 32, 2048, "none", 348_147_968),
    ("DenseNet121", 224, 32, 1024, "torch", 7_037_504),
    ("DenseNet169", 224, 32, 1664, "torch", 12_642_880),
    ("DenseNet201", 224, 32, 1920, "torch", 18_321_984),
    ("EfficientNetB0", 224, 32, 1280, "none", 4_049_571),
    ("EfficientNetB1", 240, 32, 1280, "none", 6_575_239),
    ("EfficientNetB2", 260, 32, 1408, "none", 7_768_569),
    ("EfficientNetB3", 300, 32, 1536, "none", 10_783_535),
    ("EfficientNetB4", 380, 32, 1792, "none", 17_673_823),
    ("EfficientNetB5", 456, 32, 2048, "none", 28_513_527),
    ("EfficientNetB6", 528, 32, 2304, "none", 40_960_143),
    ("EfficientNetB7", 600, 32, 2560, "none", 64_097_687),
    ("EfficientNetV2B0", 224, 32, 1280, "none", 5_919_312),
    ("EfficientNetV2B1", 240, 32, 1280, "none", 6_931_124),
    ("EfficientNetV2B2", 260, 32, 1408, "none", 8_769_374),
    ("EfficientNetV2B3", 300, 32, 1536, "none", 12_930_622),
    ("EfficientNetV2L", 480, 32, 1280, "none", 117_746_848),
    ("EfficientNetV2M", 480, 32, 1280, "none", 53_150_388),
    ("EfficientNetV2S", 384, 32, 1280, "none", 20_331_360),
    ("InceptionResNetV2", 299, 75, 1536, "tf", 54_336_736),
    ("InceptionV3", 299, 75, 2048, "tf", 21_802_784),
    ("MobileNet", 224, 32, 1024, "tf", 3_228_864),
    ("MobileNetV2", 224, 32, 1280, "tf", 2_257_984),
    ("MobileNetV3Large", 224, 32, 960, "none", 2_996_352),
    ("MobileNetV3Small", 224, 32, 576, "none", 939_120),
    ("NASNetLarge", 331, 32, 4032, "tf", 84_916_818),
    ("NASNetMobile", 224, 32, 1056, "tf", 4_269_716),
    ("ResNet101", 224, 32, 2048, "caffe", 42_658_176),
    ("ResNet101V2", 224, 32, 2048, "tf", 42_626_560),
    ("ResNet152", 224, 32, 2048, "caffe", 58_370_944),
    ("ResNet152V2", 224, 32, 2048, "tf", 58_331_648),
    ("ResNet50", 224, 32, 2048, "caffe", 23_587_712),
    ("ResNet50V2", 224, 32, 2048, "tf", 23_564_800),
    ("VGG16", 224, 32, 512, "caffe", 14_714_688),
    ("VGG19", 224, 32, 512, "caffe", 20_024_384),
    ("Xception", 299, 71, 2048, "tf", 20_861_480),
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
