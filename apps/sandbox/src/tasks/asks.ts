import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { SandboxConfig } from '../config.js';
import { CONFIG } from '../tokens.js';

interface Asked {
  family: string;
  prompt: string;
  times: number;
}

/** How often each text was asked for since the start, whether it was taken, refused or a repeat. */
@Injectable()
export class Asks {
  private readonly byText: LRUCache<string, Asked>;

  constructor(@Inject(CONFIG) config: SandboxConfig) {
    this.byText = new LRUCache({ max: config.SANDBOX_KEEP_TASKS });
  }

  note({ family, prompt }: { family: string; prompt: string }): void {
    const key = `${family}\n${prompt}`;
    const times = (this.byText.get(key)?.times ?? 0) + 1;
    this.byText.set(key, { family, prompt, times });
  }

  /** Of all texts that contain `part`. */
  count(part: string, family?: string): number {
    const found = [...this.byText.values()].filter((asked) => !family || asked.family === family);
    return found.reduce((sum, { prompt, times }) => sum + (prompt.includes(part) ? times : 0), 0);
  }
}
