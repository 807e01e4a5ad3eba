import type { FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';

const PLAIN = 'application/json';
const MODERN = 'application/graphql-response+json';
const PAGE = 'text/html';

/** In which form of GraphQL over HTTP an answer is given. */
export interface AnswerForm {
  contentType: string;
  /** HTTP status of a request that is in form, but whose document or variables are not. */
  faultStatus: number;
}

const modern: AnswerForm = { contentType: `${MODERN}; charset=utf-8`, faultStatus: 400 };
/** Who names plain JSON is told of faults in the body alone, as GraphQL over HTTP has it. */
const named: AnswerForm = { contentType: `${PLAIN}; charset=utf-8`, faultStatus: 200 };
/** What curl and fetch get, which name nothing: for them the status tells too. */
export const unnamed: AnswerForm = { contentType: `${PLAIN}; charset=utf-8`, faultStatus: 400 };

/** Of `Accept`, what tells types apart and ranks them: all our answers are UTF-8, whatever charset a client names beside a type. */
const accepted = (accept: string) => ({ headers: { accept: accept.replace(/;(?! *q *=)[^;,]*/gi, '') } });

/** The form that a client would best like to have; undefined when it takes none. */
export function answerFormOf({ headers }: FastifyRequest): AnswerForm | undefined {
  const { accept } = headers;
  if (!accept || accept === '*/*') return unnamed;
  const chosen = new Negotiator(accepted(accept)).mediaType([PLAIN, MODERN]);
  if (chosen === MODERN) return modern;
  if (chosen === PLAIN) return accept.includes(PLAIN) ? named : unnamed;
  return undefined;
}

/** A browser that was pointed here, not a program. */
export function wantsPage({ method, headers }: FastifyRequest): boolean {
  if (method === 'POST' || !headers.accept?.includes(PAGE)) return false;
  return new Negotiator(accepted(headers.accept)).mediaType([PLAIN, MODERN, PAGE]) === PAGE;
}

/** A form of a web page can send text, form data and urlencoded text to any place without asking; JSON it cannot. */
export const isJson = ({ headers }: FastifyRequest): boolean =>
  /^application\/json *(;|$)/i.test(headers['content-type'] ?? '');
