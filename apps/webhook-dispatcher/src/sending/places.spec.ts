import { describe, expect, it } from '@jest/globals';
import { Places } from './places.js';

const to = (accountId: string, target: string, onProbation = false) => ({ accountId, target, onProbation });
const limits = { total: 10, perAccount: 5, perDestination: 2 };

describe('places', () => {
  it('go to destinations in their order, up to the limit of each', () => {
    const places = new Places(limits);
    places.take(to('a', 'x'));
    expect(places.allot([to('a', 'x'), to('b', 'y')])).toEqual([
      { accountId: 'a', target: 'x', places: 1 },
      { accountId: 'b', target: 'y', places: 2 },
    ]);
  });

  it('of one account do not add up to more than its share, however many hosts it names', () => {
    const allotted = new Places(limits).allot(['p', 'q', 'r', 's'].map((target) => to('a', target)));
    expect(allotted.map(({ places }) => places)).toEqual([2, 2, 1]);
  });

  it('end with the total', () => {
    const many = ['a', 'b', 'c', 'd', 'e', 'f'].map((accountId) => to(accountId, 'x'));
    expect(new Places(limits).allot(many)).toHaveLength(5);
  });

  it('are full while taken, and free once given back', () => {
    const places = new Places(limits);
    const taken = [to('a', 'x'), to('a', 'x'), to('a', 'y'), to('a', 'y'), to('a', 'z')];
    for (const destination of taken) places.take(destination);
    expect(places.free).toBe(5);
    expect(places.fullAccounts()).toEqual(['a']);
    expect(places.fullDestinations()).toMatchObject([
      { accountId: 'a', target: 'x' },
      { accountId: 'a', target: 'y' },
    ]);
    for (const destination of taken) places.giveBack(destination);
    expect(places.free).toBe(10);
    expect(places.fullAccounts()).toEqual([]);
    expect(places.fullDestinations()).toEqual([]);
  });

  it('tell one account from another at the same host', () => {
    const places = new Places(limits);
    places.take(to('a', 'x'));
    places.take(to('a', 'x'));
    expect(places.allot([to('a', 'x'), to('b', 'x')])).toEqual([{ accountId: 'b', target: 'x', places: 2 }]);
  });

  it('of a destination that has not answered yet are two at most', () => {
    const places = new Places({ ...limits, perDestination: 4 });
    const ready = [to('a', 'x'), to('b', 'y')];
    places.answered(to('b', 'y'));
    expect(places.allot(ready).map(({ places }) => places)).toEqual([2, 4]);
    for (const destination of [...ready, ...ready]) places.take(destination);
    expect(places.fullDestinations()).toMatchObject([{ accountId: 'a', target: 'x' }]);
    places.giveBack(to('a', 'x'));
    places.answered(to('a', 'x'));
    expect(places.allot([to('a', 'x')])).toEqual([{ accountId: 'a', target: 'x', places: 3 }]);
  });

  it('of a destination whose last attempt had no answer are one, and more once it answers', () => {
    const places = new Places(limits);
    expect(places.allot([to('a', 'x', true)])).toEqual([{ accountId: 'a', target: 'x', places: 1 }]);
    places.take(to('a', 'x'));
    expect(places.fullDestinations()).toMatchObject([{ accountId: 'a', target: 'x' }]);
    expect(places.allot([to('a', 'x', true)])).toEqual([]);
    places.giveBack(to('a', 'x'));
    expect(places.allot([to('a', 'x')])).toEqual([{ accountId: 'a', target: 'x', places: 2 }]);
  });
});
