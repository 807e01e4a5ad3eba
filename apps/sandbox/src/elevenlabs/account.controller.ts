import { Controller, Get, Inject, Param, Query, Req, UseFilters } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { VendorErrorFilter } from '../http/vendor-error.js';
import { TaskStore } from '../tasks/task-store.js';
import { credentialOf } from './credential.js';
import { elevenlabsError, noVoice } from './errors.js';
import { models, modelWire } from './models.js';
import { family, type SpeechDetails } from './speeches.js';
import { type Voice, voiceById, voices, voiceWire } from './voices.js';

const characterLimit = 1_000_000_000;

interface VoicesQuery {
  search?: string;
  page_size?: string;
  next_page_token?: string;
  voice_ids?: string | string[];
  include_total_count?: string;
}

/** What a key may use: models, voices, characters. */
@Controller('elevenlabs')
@UseFilters(VendorErrorFilter)
export class AccountController {
  constructor(@Inject(TaskStore) private readonly tasks: TaskStore) {}

  @Get('v1/models')
  models(@Req() request: FastifyRequest) {
    credentialOf(request);
    return Object.entries(models).map(([id, model]) => modelWire(id, model));
  }

  @Get('v1/voices')
  voices(@Req() request: FastifyRequest, @Query('show_legacy') showLegacy?: string) {
    credentialOf(request);
    return { voices: voices.filter(({ isLegacy }) => !isLegacy || showLegacy === 'true').map(voiceWire) };
  }

  @Get('v1/voices/:id')
  voice(@Req() request: FastifyRequest, @Param('id') id: string) {
    credentialOf(request);
    const voice = voiceById(id);
    if (!voice) throw elevenlabsError(noVoice);
    return voiceWire(voice);
  }

  @Get('v2/voices')
  search(@Req() request: FastifyRequest, @Query() query: VoicesQuery) {
    credentialOf(request);
    const found = voices.filter((voice) => isFound(voice, query));
    const from = Number(query.next_page_token) || 0;
    const to = from + Math.min(100, Math.max(1, Number(query.page_size) || 10));
    const hasMore = to < found.length;
    return {
      voices: found.slice(from, to).map(voiceWire),
      has_more: hasMore,
      // A number in any case: the vendor's client requires one.
      total_count: query.include_total_count === 'false' ? 0 : found.length,
      next_page_token: hasMore ? String(to) : null,
    };
  }

  @Get('v1/user/subscription')
  subscription(@Req() request: FastifyRequest) {
    const credential = credentialOf(request);
    const mine = [...this.tasks.all(family)].filter((task) => task.credential === credential);
    return {
      tier: 'creator',
      character_count: mine.reduce((sum, task) => sum + (task.details as SpeechDetails).characterCost, 0),
      character_limit: characterLimit,
      max_character_limit_extension: null,
      max_credit_limit_extension: 0,
      can_extend_character_limit: false,
      allowed_to_extend_character_limit: false,
      next_character_count_reset_unix: null,
      voice_slots_used: 0,
      professional_voice_slots_used: 0,
      professional_voice_slots_used_in_workspace: 0,
      voice_limit: 30,
      voice_add_edit_counter: 0,
      professional_voice_limit: 0,
      can_extend_voice_limit: false,
      can_use_instant_voice_cloning: false,
      can_use_professional_voice_cloning: false,
      currency: 'usd',
      current_overage: { amount: '0', currency: 'usd' },
      status: 'active',
      billing_period: 'monthly_period',
      character_refresh_period: 'monthly_period',
      next_invoice: null,
      open_invoices: [],
      has_open_invoices: false,
    };
  }
}

function isFound({ id, name, isLegacy }: Voice, { search, voice_ids: ids }: VoicesQuery): boolean {
  if (ids) return [ids].flat().includes(id);
  return !isLegacy && (!search || name.toLowerCase().includes(search.toLowerCase()));
}
