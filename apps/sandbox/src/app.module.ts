import { type DynamicModule, Inject, Module, type OnModuleDestroy } from '@nestjs/common';
import { Callbacks } from './callbacks/callbacks.js';
import type { SandboxConfig } from './config.js';
import { families } from './families.js';
import { FaultGate } from './faults/gate.js';
import { FilesController } from './files/files.controller.js';
import { Links } from './files/links.js';
import { HttpServer } from './http/http-server.js';
import { Origins } from './http/origins.js';
import { MediaStore } from './media/media-store.js';
import { createRenderer, type Renderer } from './media/renderer.js';
import { DataDir } from './storage/data-dir.js';
import { Uploads } from './storage/uploads.js';
import { Admission } from './tasks/admission.js';
import { Asks } from './tasks/asks.js';
import { OwnTasks } from './tasks/own-tasks.js';
import { SubmitsController } from './tasks/submits.controller.js';
import { TaskStore } from './tasks/task-store.js';
import { Timeline } from './tasks/timeline.js';
import { VirtualClock } from './time/virtual-clock.js';
import { CONFIG, RENDERER } from './tokens.js';

export { SandboxConfig } from './config.js';

/** All vendors on one HTTP server, each under its own prefix. Needs the service-kit's KitModule beside it. */
@Module({})
export class SandboxModule implements OnModuleDestroy {
  constructor(
    @Inject(TaskStore) private readonly tasks: TaskStore,
    @Inject(MediaStore) private readonly media: MediaStore,
  ) {}

  static register(config: SandboxConfig): DynamicModule {
    return {
      module: SandboxModule,
      controllers: [...families.flatMap(({ controllers }) => controllers), FilesController, SubmitsController],
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: DataDir, useFactory: () => DataDir.open(config.SANDBOX_DATA_DIR) },
        {
          provide: TaskStore,
          inject: [DataDir],
          useFactory: (dir: DataDir) => TaskStore.open(dir, config.SANDBOX_KEEP_TASKS),
        },
        { provide: Uploads, inject: [DataDir], useFactory: (dir: DataDir) => Uploads.open(dir.uploads) },
        { provide: RENDERER, useFactory: createRenderer },
        {
          provide: MediaStore,
          inject: [DataDir, RENDERER],
          useFactory: (dir: DataDir, renderer: Renderer) =>
            MediaStore.open(
              {
                folder: dir.media,
                maxBytes: config.SANDBOX_CACHE_MB * 1024 * 1024,
                parallel: config.SANDBOX_RENDERERS,
              },
              renderer,
            ),
        },
        Admission,
        Asks,
        Callbacks,
        FaultGate,
        HttpServer,
        Links,
        Origins,
        OwnTasks,
        Timeline,
        VirtualClock,
        ...families.flatMap(({ providers }) => providers),
      ],
    };
  }

  async onModuleDestroy(): Promise<void> {
    await this.media.close();
    await this.tasks.close();
  }
}
