// A service in a process of its own, on built code: answers slowly, or with HOARD=true takes jobs and never ends one.
import { request } from '@doitong/contracts';
import { CommonConfig, Handles, JobQueue, listening, loadConfig, port, runService } from '@doitong/service-kit';
import { Controller, Module } from '@nestjs/common';
import Type from 'typebox';

const saySlowly = request('parrot.say-slowly', Type.Object({ text: Type.String(), ms: Type.Integer() }), Type.Any());

class Parrot {
  async saySlowly({ text, ms }) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return { text };
  }
}
Controller()(Parrot);
Handles(saySlowly)(Parrot.prototype, 'saySlowly', Object.getOwnPropertyDescriptor(Parrot.prototype, 'saySlowly'));

class ParrotModule {}
Module({ controllers: [Parrot] })(ParrotModule);

class HoardingModule {}
const hoard = (queue) =>
  queue.consume('parrots', { concurrency: 10, leaseMs: 600 }, ({ attemptId }) => {
    process.stdout.write(`took ${attemptId}\n`);
    return new Promise(() => {});
  });
Module({ providers: [{ provide: 'hoard', inject: [JobQueue], useFactory: hoard }] })(HoardingModule);

await runService(() => {
  const config = loadConfig(Type.Object({ ...CommonConfig, PORT: port(0), HOARD: Type.Boolean({ default: false }) }));
  return {
    name: 'parrot',
    modules: [{ module: config.HOARD ? HoardingModule : ParrotModule }],
    ...listening(config),
    natsUrl: config.NATS_URL,
    logLevel: 'info',
    stopGraceMs: config.STOP_GRACE_MS,
  };
});
