import { Readable } from 'node:stream';
import { Body, Controller, HttpCode, Inject, Param, Post, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { VendorErrorFilter } from '../http/vendor-error.js';
import { type Speech, Speeches } from './speeches.js';
import type { SpeechQuery } from './wire.js';

const chunkBytes = 16_384;

/** https://api.elevenlabs.io */
@Controller('elevenlabs/v1/text-to-speech/:voiceId')
@UseFilters(VendorErrorFilter)
export class TextToSpeechController {
  constructor(@Inject(Speeches) private readonly speeches: Speeches) {}

  @Post()
  @HttpCode(200)
  async speak(
    @Req() request: FastifyRequest,
    @Param('voiceId') voiceId: string,
    @Query() query: SpeechQuery,
    @Body() body: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { audio, headers } = await this.speeches.speak(request, voiceId, query, body);
    await reply.headers(headers).send(audio);
  }

  @Post('stream')
  @HttpCode(200)
  async stream(
    @Req() request: FastifyRequest,
    @Param('voiceId') voiceId: string,
    @Query() query: SpeechQuery,
    @Body() body: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { audio, headers } = await this.speeches.speak(request, voiceId, query, body);
    await reply.headers(headers).send(Readable.from(chunksOf(audio)));
  }

  @Post('with-timestamps')
  @HttpCode(200)
  async withTimestamps(
    @Req() request: FastifyRequest,
    @Param('voiceId') voiceId: string,
    @Query() query: SpeechQuery,
    @Body() body: unknown,
  ) {
    const speech = await this.speeches.speak(request, voiceId, query, body);
    const alignment = alignmentOf(speech);
    return { audio_base64: speech.audio.toString('base64'), alignment, normalized_alignment: alignment };
  }

  /** One JSON object a line; the first has the whole alignment. */
  @Post('stream/with-timestamps')
  @HttpCode(200)
  async streamWithTimestamps(
    @Req() request: FastifyRequest,
    @Param('voiceId') voiceId: string,
    @Query() query: SpeechQuery,
    @Body() body: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const speech = await this.speeches.speak(request, voiceId, query, body);
    const lines = [...chunksOf(speech.audio)].map((chunk, index) => {
      const alignment = index === 0 ? alignmentOf(speech) : null;
      return `${JSON.stringify({ audio_base64: chunk.toString('base64'), alignment, normalized_alignment: alignment })}\n`;
    });
    await reply.headers({ ...speech.headers, 'content-type': 'application/json' }).send(Readable.from(lines));
  }
}

function* chunksOf(audio: Buffer): Generator<Buffer> {
  for (let at = 0; at < audio.length; at += chunkBytes) yield audio.subarray(at, at + chunkBytes);
}

/** Every character takes the same time, as the murmur does. */
function alignmentOf({ spec }: Speech) {
  const characters = [...spec.text];
  const at = (index: number) => Math.round((index / characters.length) * spec.seconds * 1000) / 1000;
  return {
    characters,
    character_start_times_seconds: characters.map((_, index) => at(index)),
    character_end_times_seconds: characters.map((_, index) => at(index + 1)),
  };
}
