"""Every error that the library raises on purpose, in one tree.

::

    WildfireBenchError
    ├── SettingsError (ValueError)            a setting is unknown, ill-typed or out of range
    ├── InputError (ValueError)               what the caller handed over cannot be used
    │   ├── EmptyImage
    │   ├── ImageTooLarge                     no configured route carries it
    │   ├── InvalidMetadata                   not JSON, NaN, a bad time stamp
    │   │   └── MetadataTooLarge
    │   ├── StateFileInUse                    another process sends by the same state file
    │   ├── UnusableMessage                   a bare value where headers are needed
    │   └── RecordInvalid                     a small record breaks its schema
    ├── CorruptData                           received bytes are not what was sent
    │   ├── CorruptPayload                    a codec cannot decode it
    │   ├── CorruptEnvelope                   headers are missing, malformed or altered
    │   └── DigestMismatch                    decoded, but to other bytes
    ├── UnsupportedFormat                     written by a newer version or an unknown codec
    ├── IncompleteImage (TimeoutError)        chunks are missing past the time-out
    ├── ReassemblyOverflow                    incomplete images exceed the spill limit
    ├── FileNotWritten (OSError)              a received image could not be put on the disk
    ├── TransportError                        Kafka
    │   ├── BrokerUnavailable (ConnectionError)
    │   ├── AccessDenied (PermissionError)    names the right that is missing, and on what
    │   ├── DeliveryFailed                    not acknowledged; says whether to resend
    │   │   ├── DeliveryDenied (AccessDenied)
    │   │   ├── DeliveryTimeout (TimeoutError)
    │   │   └── RecordTooLarge                larger than its topic takes now
    │   ├── NotRunning                        used before start() or after stop()
    │   ├── TopicMissing
    │   ├── TopicMismatch                     a topic differs from its profile
    │   ├── RecordMissing                     a record is no longer kept by its topic
    │   └── AcknowledgementLost               the partition moved on before the ack
    ├── ObjectStoreError                      S3
    │   ├── ObjectStoreNotConfigured
    │   ├── ObjectStoreUnavailable (ConnectionError)
    │   └── ObjectMissing
    ├── StackError                            the servers that everything runs against
    │   ├── StackNotInstalled                 a missing extra, jar or engine
    │   ├── StackStartFailed
    │   └── StackTimeout (TimeoutError)
    ├── ServiceError                          the service and its status API
    │   ├── ServiceNotInstalled               the extra `api` is missing
    │   ├── AddressUnavailable (OSError)      it cannot listen where it should
    │   └── MetricsUnavailable (ConnectionError)  no Prometheus answers
    └── BenchmarkError                        a measurement or a notebook could not run
        ├── SampleUnavailable
        └── InvalidParameter (ValueError)

Input errors are also `ValueError`, time-outs also `TimeoutError`, so that ordinary ``except``
clauses work. Messages say what was wrong, with the figures, and what to do about it.
"""

from __future__ import annotations

__all__ = [
    "AccessDenied",
    "AcknowledgementLost",
    "AddressUnavailable",
    "BenchmarkError",
    "BrokerUnavailable",
    "CorruptData",
    "CorruptEnvelope",
    "CorruptPayload",
    "DeliveryDenied",
    "DeliveryFailed",
    "DeliveryTimeout",
    "DigestMismatch",
    "EmptyImage",
    "FileNotWritten",
    "ImageTooLarge",
    "IncompleteImage",
    "InputError",
    "InvalidMetadata",
    "InvalidParameter",
    "MetadataTooLarge",
    "MetricsUnavailable",
    "NotRunning",
    "ObjectMissing",
    "ObjectStoreError",
    "ObjectStoreNotConfigured",
    "ObjectStoreUnavailable",
    "ReassemblyOverflow",
    "RecordInvalid",
    "RecordMissing",
    "RecordTooLarge",
    "SampleUnavailable",
    "ServiceError",
    "ServiceNotInstalled",
    "SettingsError",
    "StackError",
    "StackNotInstalled",
    "StackStartFailed",
    "StackTimeout",
    "StateFileInUse",
    "TopicMismatch",
    "TopicMissing",
    "TransportError",
    "UnsupportedFormat",
    "UnusableMessage",
    "WildfireBenchError",
]


class WildfireBenchError(Exception):
    """Base of everything that the library raises on purpose."""


class SettingsError(WildfireBenchError, ValueError):
    """A setting is unknown, ill-typed or out of range; the message names its key."""


class InputError(WildfireBenchError, ValueError):
    """What the caller handed over cannot be used."""


class EmptyImage(InputError):
    """An image of zero bytes."""


class ImageTooLarge(InputError):
    """No configured route carries an image of this size; the message names the setting to raise."""


class InvalidMetadata(InputError):
    """Metadata that is not a JSON object, holds NaN, or has an unreadable time stamp."""


class MetadataTooLarge(InvalidMetadata):
    """Metadata whose JSON exceeds the limit for a record header."""


class StateFileInUse(InputError):
    """Another process sends by the same state file; the message names the file."""


class UnusableMessage(InputError):
    """A message without the parts that are needed, such as a bare value without its headers."""


class RecordInvalid(InputError):
    """A small record that breaks the schema of its data type; the message names the field."""


class CorruptData(WildfireBenchError):
    """Received bytes are not what was sent."""


class CorruptPayload(CorruptData):
    """A codec cannot decode the payload to the announced size."""


class CorruptEnvelope(CorruptData):
    """Headers are missing, malformed, or contradict each other or their digest."""


class DigestMismatch(CorruptData):
    """A payload decoded to other bytes than were sent."""


class UnsupportedFormat(WildfireBenchError):
    """Data of a format version or codec that this version does not know."""


class IncompleteImage(WildfireBenchError, TimeoutError):
    """Chunks of an image are missing past the time-out.

    Attributes
    ----------
    image_id
        Which image.
    missing
        Indices of the chunks that never came.
    """

    def __init__(self, message: str, *, image_id: str, missing: tuple[int, ...]) -> None:
        super().__init__(message)
        self.image_id = image_id
        self.missing = missing


class ReassemblyOverflow(WildfireBenchError):
    """Incomplete images exceed what may be held in memory and spilled to disk."""


class FileNotWritten(WildfireBenchError, OSError):
    """A received image could not be put on the disk; the message names file and cause."""


class TransportError(WildfireBenchError):
    """Kafka could not do what was asked."""


class BrokerUnavailable(TransportError, ConnectionError):
    """No broker answered."""


class AccessDenied(TransportError, PermissionError):
    """The brokers deny a right; the message names it, what it is on, and to whom it is denied."""


class DeliveryFailed(TransportError):
    """A send was not acknowledged by all in-sync replicas.

    Attributes
    ----------
    image_id
        Which image, or None for a small record.
    safe_to_resend
        True when sending again cannot make a receiver see the image twice.
    """

    def __init__(
        self, message: str, *, image_id: str | None = None, safe_to_resend: bool = True
    ) -> None:
        super().__init__(message)
        self.image_id = image_id
        self.safe_to_resend = safe_to_resend


class DeliveryDenied(DeliveryFailed, AccessDenied):
    """The brokers deny the right to write to a topic."""


class DeliveryTimeout(DeliveryFailed, TimeoutError):
    """A send was not acknowledged in time."""


class RecordTooLarge(DeliveryFailed):
    """The broker refused a record: its topic takes less than it told when the producer started."""


class NotRunning(TransportError):
    """A producer or consumer was used before ``start()`` or after ``stop()``."""


class TopicMissing(TransportError):
    """A topic does not exist; ``wildfire-bench topics create`` makes it."""


class TopicMismatch(TransportError):
    """A topic exists with other settings than its profile asks for."""


class RecordMissing(TransportError):
    """A record that was asked for by its coordinates is no longer there."""


class AcknowledgementLost(TransportError):
    """The partition was taken away before an image was acknowledged; it will come again."""


class ObjectStoreError(WildfireBenchError):
    """S3 could not do what was asked."""


class ObjectStoreNotConfigured(ObjectStoreError):
    """The reference route is needed and no object store is configured."""


class ObjectStoreUnavailable(ObjectStoreError, ConnectionError):
    """The object store did not answer or refused."""


class ObjectMissing(ObjectStoreError):
    """A referenced object does not exist."""


class StackError(WildfireBenchError):
    """The servers that everything runs against are not in order."""


class StackNotInstalled(StackError):
    """A part of the stack is missing: an extra, the jars, an engine."""


class StackStartFailed(StackError):
    """A server of the stack ended or refused to start; the message names its log file."""


class StackTimeout(StackError, TimeoutError):
    """A server of the stack did not become ready in time."""


class ServiceError(WildfireBenchError):
    """The service or its status API cannot do what was asked."""


class ServiceNotInstalled(ServiceError):
    """The extra ``api`` is missing; the message names the packages."""


class AddressUnavailable(ServiceError, OSError):
    """The service cannot listen where it should: the port is taken, or the address is not ours."""


class MetricsUnavailable(ServiceError, ConnectionError):
    """No Prometheus answers, or it refuses the question."""


class BenchmarkError(WildfireBenchError):
    """A measurement or a notebook could not run."""


class SampleUnavailable(BenchmarkError):
    """A sample scene's package is not installed, or its file is not what was expected."""


class InvalidParameter(BenchmarkError, ValueError):
    """A notebook or workload parameter is unknown or ill-typed."""
