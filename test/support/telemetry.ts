import type { ContextManager, Span, Telemetry, Tracer } from 'bullmq';

/** What BullMQ asks of a telemetry; records the names of the spans, no more. */
export class RecordingTelemetry implements Telemetry<object> {
  readonly spans: string[] = [];

  readonly tracer: Tracer<object> = {
    startSpan: (name) => {
      this.spans.push(name);
      return new SilentSpan();
    },
  };

  readonly contextManager: ContextManager<object> = {
    with: (_context, run) => run(),
    active: () => ({}),
    getMetadata: () => '',
    fromMetadata: (context) => context,
  };
}

class SilentSpan implements Span<object> {
  setSpanOnContext(context: object): object {
    return context;
  }
  setAttribute(): void {}
  setAttributes(): void {}
  addEvent(): void {}
  recordException(): void {}
  end(): void {}
}
