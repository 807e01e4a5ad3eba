import { collectDefaultMetrics, Registry } from 'prom-client';

/** Prometheus metrics of this process. */
export class Metrics {
  readonly registry = new Registry();

  constructor(service: string) {
    this.registry.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.registry });
  }
}
