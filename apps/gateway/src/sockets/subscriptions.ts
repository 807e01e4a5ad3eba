import { DoitongError } from '@doitong/contracts';
import { Logger } from '@doitong/service-kit';
import { Injectable } from '@nestjs/common';
import { type ExecutionArgs, GraphQLError, type GraphQLFormattedError, subscribe } from 'graphql';
import { CloseCode, type Context, makeServer, type SubscribePayload } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { GraphqlContext } from '../graphql/context.js';
import { Gate } from '../graphql/gate.js';
import { GraphqlErrors } from '../graphql/graphql-errors.js';
import type { Operation } from '../graphql/operation.js';
import { type Connection, Connections } from './connections.js';

/** A stranger may hold a socket for so long. */
const INIT_MS = 5_000;
/** A guard of this process's memory: more than most accounts may have generations under way. */
export const MOST_SUBSCRIPTIONS = 100;

/** Registered for WebSockets; clients try again later. */
const TRY_AGAIN_LATER = 1013;
/** Of the 123 bytes that the reason of a close may have, with room for what takes more than one. */
const LONGEST_REASON = 100;

/** One socket. */
export interface Session {
  readonly socket: WebSocket;
  /** The header of the upgrade, which browsers cannot send. */
  readonly authorization: string | undefined;
  /** Where it came from. */
  readonly address: string;
  /** Says that it is no stranger's any more. */
  known(): void;
  /** Set once its key was accepted. */
  connection?: Connection;
}

type Params = Record<string, unknown>;
type SessionContext = Context<Params, Session>;

/** What `onSubscribe` hands over to what comes after it. */
interface Admitted extends ExecutionArgs {
  operation: Operation;
  contextValue: GraphqlContext;
  variableValues: Record<string, unknown>;
}

/** Carries the errors that a client is to get through the protocol's server. */
class Refused extends Error {
  constructor(readonly errors: GraphQLFormattedError[]) {
    super('refused');
  }
}

/** What is spoken over a socket of /graphql: graphql-transport-ws, for subscriptions only. */
@Injectable()
export class Subscriptions {
  private readonly server = makeServer<Params, Session>({
    connectionInitWaitTimeout: INIT_MS,
    onConnect: (context) => this.connect(context),
    onSubscribe: (context, _id, payload) => this.admit(context, payload),
    // What it throws ends this subscription with an `error`, and not the whole socket.
    subscribe: (args) => subscribe(args).catch(failing),
    onNext: (_context, _id, _payload, args, result) => {
      const { operation, variableValues: variables } = args as Admitted;
      const { data, errors } = operation.flattened(result);
      return errors
        ? { data, errors: this.errors.describe(new AggregateError(errors), { operation, variables }) }
        : { data };
    },
    onError: (_context, _id, _payload, errors) =>
      errors.flatMap(({ originalError }) =>
        originalError instanceof Refused ? originalError.errors : this.errors.describe(originalError),
      ),
    onClose: ({ extra: { connection } }) => {
      if (connection) this.connections.remove(connection);
    },
  });

  constructor(
    private readonly gate: Gate,
    private readonly errors: GraphqlErrors,
    private readonly connections: Connections,
    private readonly logger: Logger,
  ) {}

  /** As the protocol's server has it: call what it returns when the socket has closed. */
  readonly opened: (typeof this.server)['opened'] = (socket, session) => this.server.opened(socket, session);

  private async connect({ extra: session, connectionParams, subscriptions }: SessionContext): Promise<boolean> {
    // The protocol's server asks whether an id is in it: what every object inherits, such as `constructor`, is none.
    Object.setPrototypeOf(subscriptions, null);
    const refuse = (error: unknown) => this.close(session.socket, DoitongError.of(error));
    try {
      const authorization = authorizationOf(connectionParams) ?? session.authorization;
      const principal = await this.gate.authenticateSocket(authorization, session.address);
      // Or its end would have been before its beginning.
      if (session.socket.readyState !== WebSocket.OPEN) return false;
      const connection = { principal, authorization, refuse };
      this.connections.add(connection);
      session.connection = connection;
      session.known();
      return true;
    } catch (error) {
      refuse(error);
      return false;
    }
  }

  private async admit(
    { extra: { connection }, subscriptions }: SessionContext,
    { query, operationName, variables }: SubscribePayload,
  ): Promise<Admitted | GraphQLError[]> {
    const { principal } = connection!;
    const asked: { operation?: Operation; variables: Record<string, unknown> } = { variables: variables ?? {} };
    try {
      if (Object.keys(subscriptions).length > MOST_SUBSCRIPTIONS) throw tooMany();
      const operation = await this.gate.admitSubscription(
        { query, operationName: operationName || undefined },
        principal,
      );
      asked.operation = operation;
      if (operation.faults.length > 0) throw new AggregateError(operation.faults);
      const { schema, document, definition } = operation;
      return {
        schema,
        document,
        operationName: definition.name?.value,
        operation,
        contextValue: { principal, idempotencyKey: undefined },
        variableValues: asked.variables,
      };
    } catch (failure) {
      return [new GraphQLError('refused', { originalError: new Refused(this.errors.describe(failure, asked)) })];
    }
  }

  private close(socket: WebSocket, error: DoitongError): void {
    if (error.code === 'INTERNAL') this.logger.error('connection refused', { error: error.cause ?? error });
    const isKey = error.code === 'UNAUTHENTICATED' || error.code === 'FORBIDDEN';
    socket.close(isKey ? CloseCode.Forbidden : TRY_AGAIN_LATER, error.message.slice(0, LONGEST_REASON));
  }
}

async function* failing(error: unknown): AsyncGenerator<never> {
  yield Promise.reject<never>(error);
}

/** `authorization` of the payload of connection_init, however it is spelled. */
function authorizationOf(params: Params = {}): string | undefined {
  const [, value] = Object.entries(params).find(([name]) => name.toLowerCase() === 'authorization') ?? [];
  return typeof value === 'string' ? value : undefined;
}

function tooMany(): DoitongError {
  return new DoitongError('RATE_LIMIT', `A connection may have ${MOST_SUBSCRIPTIONS} subscriptions at a time.`, {
    limit: 'subscriptions',
  });
}
