"""Objects with words beside pixels: presentation states, waveforms, contours, plans, masks."""

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID

from ops.bench.identities.attributes import sibling_of, tag_of
from ops.bench.identities.clinical import SHORT
from ops.bench.identities.content import code_item
from ops.bench.identities.paths import Path
from ops.bench.identities.phrases import Text, whole
from ops.bench.identities.texts import make_text, mixed, off_table
from ops.bench.identities.values import make_date, make_time, make_uid
from ops.bench.identities.work import Kind, Work

_ORGANS = ("Heart", "PTV", "GTV", "CTV 60Gy", "Lung_L", "SpinalCord", "Liver", "Bowel", "Chin")


def step(keyword: str) -> str:
    """Return the path step of a keyword."""
    return f"{tag_of(keyword):08X}"


def put_text(work: Work, item: Dataset, path: Path, keyword: str, text: Text) -> None:
    """Put `text` into an item at `path` and note it."""
    setattr(item, keyword, text.value)
    work.plant_text((*path, step(keyword)), text, Kind.ANNOTATION)


def _image(work: Work, path: Path) -> Dataset:
    sibling = sibling_of(work)
    item = Dataset()
    item.ReferencedSOPClassUID = sibling.sop_class
    item.ReferencedSOPInstanceUID = sibling.uid
    work.plant((*path, step("ReferencedSOPInstanceUID")), Kind.REFERENCE)
    return item


def _referenced_series(work: Work) -> Sequence:
    series = Dataset()
    sibling = sibling_of(work)
    series.SeriesInstanceUID = sibling.series
    base: Path = (step("ReferencedSeriesSequence"), 0)
    work.plant((*base, step("SeriesInstanceUID")), Kind.REFERENCE)
    name = "ReferencedInstanceSequence" if "SegmentSequence" in work.dataset else ""
    name = name or "ReferencedImageSequence"
    setattr(series, name, Sequence([_image(work, (*base, step(name), 0))]))
    return Sequence([series])


def presentation_state(work: Work) -> None:
    """Draw text objects: clinical, mixed, and the name alone."""
    dataset, rng = work.dataset, work.rng
    dataset.ContentLabel = "PRES"
    put_text(work, dataset, (), "ContentDescription", off_table(rng, work.subject))
    dataset.PresentationCreationDate = make_date(rng, work.subject)
    dataset.PresentationCreationTime = make_time(rng)
    dataset.ReferencedSeriesSequence = _referenced_series(work)
    base: Path = (step("GraphicAnnotationSequence"), 0)
    layer = Dataset()
    layer.GraphicLayer = "ANNOT"
    texts = [whole(rng.choice(SHORT), rule="caption"), make_text(rng, work.subject, 1024)]
    texts.append(mixed(rng, work.subject, 1024))
    objects = []
    for index, text in enumerate(texts):
        item = Dataset()
        item.BoundingBoxAnnotationUnits = "PIXEL"
        item.AnchorPoint, item.AnchorPointVisibility = [8.0, 8.0], "N"
        item.AnchorPointAnnotationUnits = "PIXEL"
        put_text(
            work, item, (*base, step("TextObjectSequence"), index), "UnformattedTextValue", text
        )
        objects.append(item)
    layer.TextObjectSequence = Sequence(objects)
    dataset.GraphicAnnotationSequence = Sequence([layer])
    order = Dataset()
    order.GraphicLayer, order.GraphicLayerOrder = "ANNOT", "1"
    caption = whole(rng.choice(SHORT), rule="caption")
    put_text(work, order, (step("GraphicLayerSequence"), 0), "GraphicLayerDescription", caption)
    dataset.GraphicLayerSequence = Sequence([order])


def waveform(work: Work) -> None:
    """Write one lead with labels and annotations."""
    dataset, rng = work.dataset, work.rng
    dataset.AcquisitionDateTime = make_date(rng, work.subject) + make_time(rng)
    group, channel = Dataset(), Dataset()
    base: Path = (step("WaveformSequence"), 0)
    group.WaveformOriginality, group.NumberOfWaveformChannels = "ORIGINAL", 1
    group.NumberOfWaveformSamples, group.SamplingFrequency = 8, "500"
    put_text(work, group, base, "MultiplexGroupLabel", whole("RHYTHM", rule="label"))
    channel.ChannelSourceSequence = Sequence([code_item(("2:1", "MDC", "Lead I"))])
    channel.WaveformBitsStored = 16
    inside: Path = (*base, step("ChannelDefinitionSequence"), 0)
    put_text(work, channel, inside, "ChannelLabel", whole("Lead aVR", rule="label"))
    group.ChannelDefinitionSequence = Sequence([channel])
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.add_new(tag_of("WaveformData"), "OW", rng.randbytes(16))
    dataset.WaveformSequence = Sequence([group])
    notes = []
    for index, text in enumerate(
        (whole("sinus rhythm 62 bpm", rule="caption"), mixed(rng, work.subject, 1024))
    ):
        note = Dataset()
        note.ReferencedWaveformChannels = [1, 0]
        note.AnnotationGroupNumber = index
        path: Path = (step("WaveformAnnotationSequence"), index)
        put_text(work, note, path, "UnformattedTextValue", text)
        notes.append(note)
    dataset.WaveformAnnotationSequence = Sequence(notes)


def structure_set(work: Work) -> None:
    """Name regions: organs, targets, and one after a person."""
    dataset, rng, subject = work.dataset, work.rng, work.subject
    put_text(work, dataset, (), "StructureSetLabel", make_text(rng, subject, 16))
    put_text(work, dataset, (), "StructureSetName", make_text(rng, subject, 64))
    dataset.StructureSetDate, dataset.StructureSetTime = make_date(rng, subject), make_time(rng)
    work.plant((step("StructureSetDate"),), Kind.DATE)
    regions, contours, observations = [], [], []
    names = [whole(name, rule="organ") for name in rng.sample(_ORGANS, 4)]
    names += [mixed(rng, subject, 64), mixed(rng, subject, 64)]
    for index, text in enumerate(names):
        region = Dataset()
        region.ROINumber, region.ReferencedFrameOfReferenceUID = index + 1, work.study.frame_uid
        region.ROIGenerationAlgorithm = "MANUAL"
        path: Path = (step("StructureSetROISequence"), index)
        put_text(work, region, path, "ROIName", text)
        put_text(work, region, path, "ROIDescription", make_text(rng, subject, 1024))
        regions.append(region)
        contours.append(_contour(work, index))
        observation = Dataset()
        observation.ObservationNumber = observation.ReferencedROINumber = index + 1
        observation.RTROIInterpretedType = "ORGAN"
        person = rng.choice(subject.staff)
        observation.ROIInterpreter = person.pn
        path = (step("RTROIObservationsSequence"), index)
        needles = (*person.needles, person.family)
        work.plant((*path, step("ROIInterpreter")), Kind.SEQUENCE, needles=needles)
        put_text(work, observation, path, "ROIObservationLabel", make_text(rng, subject, 16))
        observations.append(observation)
    dataset.StructureSetROISequence = Sequence(regions)
    dataset.ROIContourSequence = Sequence(contours)
    dataset.RTROIObservationsSequence = Sequence(observations)
    frame = Dataset()
    frame.FrameOfReferenceUID = work.study.frame_uid
    work.plant((step("ReferencedFrameOfReferenceSequence"), 0, "00200052"), Kind.REFERENCE)
    dataset.ReferencedFrameOfReferenceSequence = Sequence([frame])


def _contour(work: Work, index: int) -> Dataset:
    line, item = Dataset(), Dataset()
    path: Path = (step("ROIContourSequence"), index, step("ContourSequence"), 0)
    inside = (*path, step("ContourImageSequence"), 0)
    line.ContourImageSequence = Sequence([_image(work, inside)])
    line.ContourGeometricType, line.NumberOfContourPoints = "CLOSED_PLANAR", 3
    line.ContourData = [str(work.rng.randrange(-200, 200) / 4) for _ in range(9)]
    work.plant((*path, step("ContourData")), Kind.SEQUENCE)
    item.ReferencedROINumber = index + 1
    item.ContourSequence = Sequence([line])
    return item


def plan(work: Work) -> None:
    """Prescribe a dose with labels and remarks."""
    dataset, rng, subject = work.dataset, work.rng, work.subject
    put_text(work, dataset, (), "RTPlanLabel", make_text(rng, subject, 16))
    put_text(work, dataset, (), "RTPlanName", make_text(rng, subject, 64))
    put_text(work, dataset, (), "RTPlanDescription", make_text(rng, subject, 1024))
    put_text(work, dataset, (), "PrescriptionDescription", make_text(rng, subject, 1024))
    dataset.RTPlanDate, dataset.RTPlanTime = make_date(rng, subject), make_time(rng)
    work.plant((step("RTPlanDate"),), Kind.DATE)
    dataset.RTPlanGeometry = "PATIENT"
    for sequence, keyword, limit in (
        ("DoseReferenceSequence", "DoseReferenceDescription", 64),
        ("BeamSequence", "BeamDescription", 1024),
        ("PatientSetupSequence", "SetupTechniqueDescription", 1024),
        ("FractionGroupSequence", "FractionGroupDescription", 64),
    ):
        item = Dataset()
        path: Path = (step(sequence), 0)
        put_text(work, item, path, keyword, make_text(rng, subject, limit))
        if sequence == "DoseReferenceSequence":
            item.TargetPrescriptionDose = f"{rng.randrange(20, 70)}.5"
            work.plant((*path, step("TargetPrescriptionDose")), Kind.SEQUENCE)
        setattr(dataset, sequence, Sequence([item]))
    path = (step("ReferencedStructureSetSequence"), 0)
    dataset.ReferencedStructureSetSequence = Sequence([_image(work, path)])


def segmentation(work: Work) -> None:
    """Mask a lesion; say who outlined it where no table expects a name."""
    dataset, rng, subject = work.dataset, work.rng, work.subject
    dataset.SegmentationType = "BINARY"
    dataset.Rows = dataset.Columns = 8
    dataset.NumberOfFrames = "1"
    dataset.BitsAllocated = dataset.BitsStored = dataset.SamplesPerPixel = 1
    dataset.HighBit = dataset.PixelRepresentation = 0
    dataset.PhotometricInterpretation = "MONOCHROME2"
    segment = Dataset()
    path: Path = (step("SegmentSequence"), 0)
    segment.SegmentNumber = 1
    put_text(work, segment, path, "SegmentLabel", whole(rng.choice(_ORGANS), rule="organ"))
    put_text(work, segment, path, "SegmentDescription", off_table(rng, subject))
    segment.SegmentAlgorithmType = "MANUAL"
    segment.SegmentedPropertyCategoryCodeSequence = Sequence(
        [code_item(("49755003", "SCT", "Morphologically Abnormal Structure"))]
    )
    segment.SegmentedPropertyTypeCodeSequence = Sequence([code_item(("4147007", "SCT", "Mass"))])
    segment.TrackingID, segment.TrackingUID = "Lesion 1", UID(make_uid(rng))
    work.plant((*path, step("TrackingUID")), Kind.UID)
    dataset.SegmentSequence = Sequence([segment])
    dataset.ReferencedSeriesSequence = _referenced_series(work)
    frame, derivation = Dataset(), Dataset()
    path = (step("PerFrameFunctionalGroupsSequence"), 0, step("DerivationImageSequence"), 0)
    inside = (*path, step("SourceImageSequence"), 0)
    derivation.SourceImageSequence = Sequence([_image(work, inside)])
    frame.DerivationImageSequence = Sequence([derivation])
    dataset.PerFrameFunctionalGroupsSequence = Sequence([frame])
    dataset.add_new(tag_of("PixelData"), "OB", rng.randbytes(8))
