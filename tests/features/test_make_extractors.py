"""Extractors for several networks at once."""

from pathlib import Path

import pytest
import tiny_network

from fusionlearn import FeatureStore, make_extractors
from fusionlearn.exceptions import BackboneWeightsError
from fusionlearn.features import extractors_from_folder


class TestMakeExtractors:
    def test_pairs(self, tiny):
        store = FeatureStore()
        pairs = make_extractors("VGG19", tiny, weights="imagenet", pooling="max", store=store)
        assert [name for name, _ in pairs] == ["VGG19", "tiny"]
        for (_, extractor), application in zip(pairs, ["VGG19", tiny], strict=True):
            assert extractor.application == application
            assert extractor.pooling == "max"
            assert extractor.store is store

    def test_weights_of_each(self):
        weights = {"VGG19": None, "ResNet50": "resnet.h5"}
        pairs = make_extractors("ResNet50", "VGG19", weights=weights)
        assert [extractor.weights for _, extractor in pairs] == ["resnet.h5", None]
        assert weights == {"VGG19": None, "ResNet50": "resnet.h5"}

    @pytest.mark.parametrize(
        ("names", "params", "message"),
        [
            ((), {}, "got no network"),
            (("VGG19", "VGG19"), {}, "a network twice"),
            (("VGG19",), {"weights": {"VGG16": None}}, "entries for VGG16; wanted one for .*VGG19"),
            (("VGG19", "VGG16"), {"weights": {"VGG16": None}}, "wanted one for each"),
        ],
    )
    def test_errors(self, names, params, message):
        with pytest.raises(ValueError, match=message):
            make_extractors(*names, **params)

    def test_unknown_parameters(self):
        with pytest.raises(TypeError, match="pool"):
            make_extractors("VGG19", pool="max")


class TestExtractorsFromFolder:
    FILES = (
        "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5",
        "mobilenet_2_5_224_tf_no_top.h5",
        "mobilenet_1_0_224_tf_no_top.h5",
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_224_no_top.h5",
    )

    @pytest.fixture
    def folder(self, tmp_path):
        for name in (*self.FILES, "README.txt", "vgg16_weights_tf_dim_ordering_tf_kernels.h5"):
            (tmp_path / name).touch()
        return tmp_path

    def test_each_file_is_a_network(self, folder):
        pairs = extractors_from_folder(folder, pooling="max")
        names = [name for name, _ in pairs]
        assert names == ["MobileNet-0.25", "MobileNet-1", "MobileNetV2-0.35", "VGG19"]
        first = dict(pairs)["MobileNet-0.25"]
        assert first.application == "MobileNet"
        assert first.application_params == {"alpha": 0.25}
        assert Path(first.weights) == folder / self.FILES[1]
        assert first.pooling == "max"

    def test_some_of_them(self, folder):
        names = [name for name, _ in extractors_from_folder(folder, ["MobileNet", "VGG19"])]
        assert names == ["MobileNet-0.25", "MobileNet-1", "VGG19"]
        names = [name for name, _ in extractors_from_folder(folder, ["MobileNet-1"])]
        assert names == ["MobileNet-1"]

    def test_errors(self, folder, tmp_path):
        with pytest.raises(
            BackboneWeightsError, match=r"no weights for 'VGG18'. Did you mean 'VGG19'"
        ):
            extractors_from_folder(folder, ["VGG18"])
        with pytest.raises(BackboneWeightsError, match=r"no such folder.*wanted a folder"):
            extractors_from_folder(tmp_path / "no such folder")

    def test_a_file_that_fits(self, tmp_path, pictures):
        path = tmp_path / self.FILES[1]
        with pytest.warns(DeprecationWarning, match="__array__ implementation"):
            tiny_network.mobilenet(seed=2).save(path)
        ((_, extractor),) = extractors_from_folder(tmp_path, input_size=32, store=FeatureStore())
        assert extractor.transform(pictures).shape == (6, 256)
        assert Path(extractor.weights) == path
