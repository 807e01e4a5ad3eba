import { generations, type ReplyOf, type RequestOf } from '@doitong/contracts';
import { Handles } from '@doitong/service-kit';
import { Controller } from '@nestjs/common';
import { AdmissionService } from './admission.service.js';

@Controller()
export class AdmissionController {
  constructor(private readonly admission: AdmissionService) {}

  @Handles(generations.create)
  create(request: RequestOf<typeof generations.create>): Promise<ReplyOf<typeof generations.create>> {
    return this.admission.create(request);
  }
}
