"""Whose work stands behind a model."""

from sklearn.pipeline import Pipeline

from ..classifiers import AugmentedClassifier
from ..fusion import ConcatFusion, MajorityVoteFusion
from ..presets import covid_ct
from ._extractors import named_extractors

# By how names of networks begin; the longest beginning counts.
_PAPERS = {
    "ConvNeXt": "Z. Liu et al., “A ConvNet for the 2020s” (2022), arXiv:2201.03545",
    "DenseNet": "G. Huang et al., “Densely Connected Convolutional Networks” (2017), "
    "arXiv:1608.06993",
    "EfficientNet": "M. Tan and Q. Le, “EfficientNet: Rethinking Model Scaling for Convolutional "
    "Neural Networks” (2019), arXiv:1905.11946",
    "EfficientNetV2": "M. Tan and Q. Le, “EfficientNetV2: Smaller Models and Faster Training” "
    "(2021), arXiv:2104.00298",
    "InceptionResNetV2": "C. Szegedy et al., “Inception-v4, Inception-ResNet and the Impact of "
    "Residual Connections on Learning” (2017), arXiv:1602.07261",
    "InceptionV3": "C. Szegedy et al., “Rethinking the Inception Architecture for Computer "
    "Vision” (2016), arXiv:1512.00567",
    "MobileNet": "A. Howard et al., “MobileNets: Efficient Convolutional Neural Networks for "
    "Mobile Vision Applications” (2017), arXiv:1704.04861",
    "MobileNetV2": "M. Sandler et al., “MobileNetV2: Inverted Residuals and Linear Bottlenecks” "
    "(2018), arXiv:1801.04381",
    "MobileNetV3": "A. Howard et al., “Searching for MobileNetV3” (2019), arXiv:1905.02244",
    "NASNet": "B. Zoph et al., “Learning Transferable Architectures for Scalable Image "
    "Recognition” (2018), arXiv:1707.07012",
    "ResNet": "K. He et al., “Deep Residual Learning for Image Recognition” (2016), "
    "arXiv:1512.03385",
    "ResNetV2": "K. He et al., “Identity Mappings in Deep Residual Networks” (2016), "
    "arXiv:1603.05027",
    "VGG": "K. Simonyan and A. Zisserman, “Very Deep Convolutional Networks for Large-Scale Image "
    "Recognition” (2015), arXiv:1409.1556",
    "Xception": "F. Chollet, “Xception: Deep Learning with Depthwise Separable Convolutions” "
    "(2017), arXiv:1610.02357",
}
_WEIGHTS = (
    "ImageNet, if the weights were trained on it: O. Russakovsky et al., “ImageNet Large Scale "
    "Visual Recognition Challenge” (2015), arXiv:1409.0575"
)
_ALWAYS = (
    "Limits of such studies: M. Roberts et al., “Common pitfalls and recommendations for using "
    "machine learning to detect and prognosticate for COVID-19 using chest radiographs and CT "
    "scans”, Nature Machine Intelligence 3, 199–217 (2021), doi:10.1038/s42256-021-00307-0",
    "Explanations by Grad-CAM: R. R. Selvaraju et al. (2017), arXiv:1610.02391",
)


def citations(estimator, version):
    """Collect what a paper about a model should cite.

    Parameters
    ----------
    estimator : estimator object
        The model.

    version : str
        Of this library.

    Returns
    -------
    lines : tuple of str
        One for each work.
    """
    extractors = list(named_extractors(estimator).values())
    backbones = [one.job().network.backbone for one in extractors]
    names = sorted({backbone.name for backbone in backbones if backbone.is_application})
    lines = [f"The library: fusionlearn developers, fusionlearn, version {version}"]
    lines += dict.fromkeys(paper for name in names if (paper := paper_of(name)))
    if any(one.weights is not None for one in extractors):
        lines.append(_WEIGHTS)
    if _is_like_the_recipe(estimator):
        lines.append(f"The preset covid_ct, if that is what was used: {covid_ct.RECIPE['source']}")
    return (*lines, *_ALWAYS)


def paper_of(name):
    """Find the paper of a network.

    Parameters
    ----------
    name : str
        In the table of networks.

    Returns
    -------
    paper : str or None
        Authors, title, year and number; None of a network that is not in Keras.
    """
    key = "ResNetV2" if name.startswith("ResNet") and name.endswith("V2") else name
    begins = [beginning for beginning in _PAPERS if key.startswith(beginning)]
    return f"{name}: {_PAPERS[max(begins, key=len)]}" if begins else None


def _is_like_the_recipe(estimator):
    inner = getattr(estimator, "estimator", None)
    if not isinstance(estimator, AugmentedClassifier):
        return False
    if isinstance(inner, Pipeline):
        inner = inner.steps[0][1]
    return isinstance(inner, ConcatFusion | MajorityVoteFusion)
