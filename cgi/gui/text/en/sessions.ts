/** Texts of the list of sessions, on two pages. */
export const sessions = {
  title: 'Logged in now',
  thisOne: 'this one',
  from: (address: string) => `from ${address}`,
  times: (begun: string, used: string) => `since ${begun}, last used ${used}`,
  end: 'End',
  endOf: (user: string, address: string) => `End the session of ${user} from ${address}`,
  endOthers: 'End all my other sessions',
  why: 'Whoever uses it has to log in again, and open connections close at once.',
  ended: (count: number) => (count === 1 ? 'One session has ended.' : `${count} sessions have ended.`),
};
