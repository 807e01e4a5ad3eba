import { Controller, Get, Inject, Param, Query, Req, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { faultsOf } from '../faults/faults.js';
import { VendorErrorFilter } from '../http/vendor-error.js';
import { contentTypeOf } from '../media/specs.js';
import { OwnTasks } from '../tasks/own-tasks.js';
import { type Task, verdictOf } from '../tasks/task.js';
import { TaskStore } from '../tasks/task-store.js';
import { credentialOf } from './credential.js';
import { elevenlabsError, noHistoryItem } from './errors.js';
import { family, type SpeechDetails, Speeches, specOf } from './speeches.js';
import { voiceById } from './voices.js';

interface HistoryQuery {
  page_size?: string;
  start_after_history_item_id?: string;
  voice_id?: string;
  model_id?: string;
  date_after_unix?: string;
  date_before_unix?: string;
  search?: string;
}

const largestPage = 1_000;

@Controller('elevenlabs/v1/history')
@UseFilters(VendorErrorFilter)
export class HistoryController {
  constructor(
    @Inject(OwnTasks) private readonly own: OwnTasks,
    @Inject(TaskStore) private readonly tasks: TaskStore,
    @Inject(Speeches) private readonly speeches: Speeches,
  ) {}

  /** Newest first. */
  @Get()
  list(@Req() request: FastifyRequest, @Query() query: HistoryQuery) {
    const credential = credentialOf(request);
    const mine = [...this.tasks.all(family)].filter((task) => isListed(task, credential) && isAsked(task, query));
    const newest = mine.reverse();
    const after = newest.findIndex(({ id }) => id === query.start_after_history_item_id) + 1;
    const size = Math.min(largestPage, Math.max(1, Number(query.page_size) || 100));
    const page = newest.slice(after, after + size);
    return {
      history: page.map(itemOf),
      last_history_item_id: page.at(-1)?.id ?? null,
      has_more: after + size < newest.length,
      scanned_until: null,
    };
  }

  @Get(':id')
  item(@Req() request: FastifyRequest, @Param('id') id: string) {
    return itemOf(this.find(request, id));
  }

  @Get(':id/audio')
  async audio(@Req() request: FastifyRequest, @Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    const task = this.find(request, id);
    await reply.header('content-type', contentTypeOf(specOf(task))).send(await this.speeches.audioOf(task));
  }

  private find(request: FastifyRequest, id: string): Task {
    const credential = credentialOf(request);
    const task = this.own.find(family, credential, id);
    if (!task || !isListed(task, credential)) throw elevenlabsError(noHistoryItem);
    return task;
  }
}

/** From the moment that it is accepted, unless no audio will ever be. */
function isListed(task: Task, credential: string): boolean {
  const isSpoken = verdictOf(task) === 'succeeded' && !faultsOf(task).has('hang');
  return task.credential === credential && (task.details as SpeechDetails).isLogged && isSpoken;
}

function isAsked(task: Task, query: HistoryQuery): boolean {
  const unix = task.createdMs / 1000;
  return (
    (!query.voice_id || (task.details as SpeechDetails).voiceId === query.voice_id) &&
    (!query.model_id || task.model === query.model_id) &&
    (!query.date_after_unix || unix >= Number(query.date_after_unix)) &&
    (!query.date_before_unix || unix <= Number(query.date_before_unix)) &&
    (!query.search || task.prompt.includes(query.search))
  );
}

function itemOf(task: Task) {
  const { voiceId, requestId, characterCost, settings } = task.details as SpeechDetails;
  return {
    history_item_id: task.id,
    request_id: requestId,
    voice_id: voiceId,
    model_id: task.model,
    voice_name: voiceById(voiceId)?.name ?? null,
    voice_category: 'premade',
    text: task.prompt,
    date_unix: Math.floor(task.createdMs / 1000),
    character_count_change_from: 0,
    character_count_change_to: characterCost,
    content_type: contentTypeOf(specOf(task)),
    state: 'created',
    settings,
    feedback: null,
    share_link_id: null,
    source: 'TTS',
    alignments: null,
  };
}
