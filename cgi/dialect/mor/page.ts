/**
 * What a page of MOR's is: who may have it, and how it is answered; and the three shapes of MOR's answers. A page is one
 * file that exports a {@link Page}; mor.ts gives it its address. main.ts is one to copy.
 */
import type { Known } from '../../access/session.ts';
import type { Reply } from '../../reply.ts';
import type { Services } from '../../verb.ts';
import type { DialectRequest } from '../dialect.ts';
import type { Like } from '../enter.ts';
import type { Form } from '../form-of.ts';
import { XML_TYPE, type XmlNode, xmlDocument } from '../xml.ts';
import { type MorUser, parseUsers } from './users.ts';

/** A request of somebody who has logged in and may have the page. */
export interface Asked {
  readonly request: DialectRequest;
  readonly services: Services;
  readonly caller: Known;
  /** Whose calls and devices he is told of: {@link insideOf}, {@link hasExtension} of users.ts. */
  readonly user: MorUser;
  readonly form: Form;
  /** What stands behind an address that ends with `/`: an id; else ''. Undecoded. */
  readonly rest: string;
}

export interface Page {
  readonly like: Like;
  /** `<name>` of its answer, where it does something: {@link actionReply}. Such a page is asked for by POST only. */
  readonly action?: string;
  /** What answers at the same address whoever sends a `hash`, logged in or not. */
  readonly byHash?: OpenPage;
  /** @throws {CgiError}: told as a page's error_msg or an action's status_message. */
  answer(asked: Asked): Reply | Promise<Reply>;
}

/** What nobody needs to have logged in for: it looks for itself who asks. */
export interface OpenPage {
  readonly open: true;
  readonly action?: string;
  /** Its faults are those of the API: {@link errorReply}. */
  readonly api?: true;
  answer(request: DialectRequest, services: Services): Reply | Promise<Reply>;
}

export const LANGUAGE: XmlNode = ['language', 'en'];
/** All there is: what is said here is English. */
export const LANGUAGES: XmlNode = ['aval_languages', [LANGUAGE]];

/** A page: `<page><pagename>…</pagename>…</page>`. */
export function pageReply(pagename: string, nodes: readonly XmlNode[], status = 200): Reply {
  return xmlReply(['page', [['pagename', pagename], ...nodes]], status);
}

/** What an action did, or why not: `<action><name>…</name><status>ok</status><status_message>…</status_message></action>`. */
export function actionReply(name: string, done: 'ok' | 'failed', message: string, status = 200): Reply {
  return xmlReply(
    [
      'action',
      [
        ['name', name],
        ['status', done],
        ['status_message', message],
      ],
    ],
    status,
  );
}

/** An error of the API: `<page><status><error>…</error></status></page>`; 200, as MOR answers those that it documents. */
export function errorReply(error: string, status = 200): Reply {
  return xmlReply(['page', [['status', [['error', error]]]]], status);
}

export function xmlReply(root: XmlNode, status = 200): Extract<Reply, { kind: 'text' }> {
  return { kind: 'text', status, type: XML_TYPE, text: xmlDocument(root) };
}

/** The users that the owner has written down. */
export function usersOf({ settings }: Pick<Services, 'settings'>): MorUser[] {
  return parseUsers(settings.value('mor.users') as readonly string[]);
}

/** `numbering.extension`: the extensions of the number plan. */
export function extensionRanges({ settings }: Pick<Services, 'settings'>): string {
  return String(settings.value('numbering.extension'));
}

/** Seconds as MOR writes them: `00:01:35`, hours as many as there are. */
export function clockOf(seconds: number): string {
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}
