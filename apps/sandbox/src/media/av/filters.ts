import { AV_BUFFERSRC_FLAG_KEEP_REF, AVERROR_EAGAIN, AVERROR_EOF } from 'node-av/constants';
import { FFmpegError, Filter, type FilterContext, FilterGraph, Frame } from 'node-av/lib';

/** A filter's name and its options. They are set one by one, never parsed from a string: user text needs no escaping. */
export type Step = [filter: string, options: Record<string, string>];

function addStep(graph: FilterGraph, index: number, [name, options]: Step): FilterContext {
  const filter = Filter.getByName(name);
  const context = filter && graph.allocFilter(filter, `${index}-${name}`);
  if (!context) throw new Error(`no filter ${name}`);
  for (const [option, value] of Object.entries(options)) {
    FFmpegError.throwIfError(context.setOption(option, value), `${name}.${option}`);
  }
  FFmpegError.throwIfError(context.init(null), name);
  return context;
}

/**
 * Runs a chain of filters and yields what comes out, one frame that is reused. A chain that starts with a source ends by itself;
 * with `picture`, that frame goes in `count` times.
 */
export async function* framesOf(steps: Step[], picture?: { frame: Frame; count: number }): AsyncGenerator<Frame> {
  const graph = new FilterGraph();
  const out = new Frame();
  try {
    graph.alloc();
    graph.nbThreads = 1;
    const first: Step[] = picture ? [bufferFor(picture.frame)] : [];
    const contexts = [...first, ...steps, ['buffersink', {}] as Step].map((step, index) => addStep(graph, index, step));
    for (const [index, context] of contexts.slice(1).entries()) {
      FFmpegError.throwIfError(contexts[index]?.link(0, context, 0) ?? 0, 'link');
    }
    FFmpegError.throwIfError(await graph.config(), 'filter graph');
    const source = contexts[0] as FilterContext;
    const sink = contexts.at(-1) as FilterContext;
    out.alloc();
    for (let index = 0; picture && index < picture.count; index += 1) {
      picture.frame.pts = BigInt(index);
      FFmpegError.throwIfError(await source.buffersrcAddFrame(picture.frame, AV_BUFFERSRC_FLAG_KEEP_REF), 'picture');
      yield* drain(sink, out);
    }
    if (picture) FFmpegError.throwIfError(await source.buffersrcAddFrame(null), 'picture end');
    yield* drain(sink, out);
  } finally {
    out.free();
    graph.free();
  }
}

function bufferFor({ width, height, format }: Frame): Step {
  return ['buffer', { video_size: `${width}x${height}`, pix_fmt: String(format), time_base: '1/25' }];
}

async function* drain(sink: FilterContext, frame: Frame): AsyncGenerator<Frame> {
  for (;;) {
    const result = await sink.buffersinkGetFrame(frame);
    if (result === AVERROR_EAGAIN || result === AVERROR_EOF) return;
    FFmpegError.throwIfError(result, 'filter');
    frame.timeBase = sink.buffersinkGetTimeBase();
    yield frame;
    frame.unref();
  }
}
