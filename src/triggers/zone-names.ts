/**
 * Names of the tz database, as people must write them: links count, and so does the case of letters, since a name in
 * another case works in some programs and fails in others.
 */
import { nearest } from '../near-miss.ts';

/**
 * The links of the tz database: old and alternative names that are valid but that
 * `Intl.supportedValuesOf('timeZone')` leaves out. Intl itself can't be asked about a name's spelling, since it
 * takes names in any case.
 */
const LINKS = `
Africa/Asmara Africa/Timbuktu America/Argentina/Buenos_Aires America/Argentina/Catamarca
America/Argentina/ComodRivadavia America/Argentina/Cordoba America/Argentina/Jujuy
America/Argentina/Mendoza America/Atikokan America/Atka America/Ensenada America/Fort_Wayne
America/Indiana/Indianapolis America/Kentucky/Louisville America/Knox_IN America/Montreal America/Nipigon
America/Nuuk America/Pangnirtung America/Porto_Acre America/Rainy_River America/Rosario
America/Santa_Isabel America/Shiprock America/Thunder_Bay America/Virgin America/Yellowknife
Antarctica/South_Pole Asia/Ashkhabad Asia/Choibalsan Asia/Chongqing Asia/Chungking Asia/Dacca Asia/Harbin
Asia/Ho_Chi_Minh Asia/Istanbul Asia/Kashgar Asia/Kathmandu Asia/Kolkata Asia/Macao Asia/Tel_Aviv
Asia/Thimbu Asia/Ujung_Pandang Asia/Ulan_Bator Asia/Yangon Atlantic/Faroe Atlantic/Jan_Mayen
Australia/ACT Australia/Canberra Australia/Currie Australia/LHI Australia/NSW Australia/North
Australia/Queensland Australia/South Australia/Tasmania Australia/Victoria Australia/West
Australia/Yancowinna Brazil/Acre Brazil/DeNoronha Brazil/East Brazil/West CET CST6CDT Canada/Atlantic
Canada/Central Canada/Eastern Canada/Mountain Canada/Newfoundland Canada/Pacific Canada/Saskatchewan
Canada/Yukon Chile/Continental Chile/EasterIsland Cuba EET EST EST5EDT Egypt Eire Etc/GMT Etc/GMT+0
Etc/GMT+1 Etc/GMT+10 Etc/GMT+11 Etc/GMT+12 Etc/GMT+2 Etc/GMT+3 Etc/GMT+4 Etc/GMT+5 Etc/GMT+6 Etc/GMT+7
Etc/GMT+8 Etc/GMT+9 Etc/GMT-0 Etc/GMT-1 Etc/GMT-10 Etc/GMT-11 Etc/GMT-12 Etc/GMT-13 Etc/GMT-14 Etc/GMT-2
Etc/GMT-3 Etc/GMT-4 Etc/GMT-5 Etc/GMT-6 Etc/GMT-7 Etc/GMT-8 Etc/GMT-9 Etc/GMT0 Etc/Greenwich Etc/UCT
Etc/UTC Etc/Universal Etc/Zulu Europe/Belfast Europe/Kyiv Europe/Nicosia Europe/Tiraspol Europe/Uzhgorod
Europe/Zaporozhye GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland Iran Israel Jamaica
Japan Kwajalein Libya MET MST MST7MDT Mexico/BajaNorte Mexico/BajaSur Mexico/General NZ NZ-CHAT Navajo
PRC PST8PDT Pacific/Chuuk Pacific/Johnston Pacific/Kanton Pacific/Pohnpei Pacific/Samoa Pacific/Yap
Poland Portugal ROC ROK Singapore Turkey UCT US/Alaska US/Aleutian US/Arizona US/Central US/East-Indiana
US/Eastern US/Hawaii US/Indiana-Starke US/Michigan US/Mountain US/Pacific US/Samoa UTC Universal W-SU WET
Zulu
`;

/** Names this long are no zone; the longest of the tz database has 32 characters. */
const LONGEST_NAME = 64;

let exact: ReadonlySet<string> | undefined;
let inLowerCase: ReadonlyMap<string, string> | undefined;
let byLength: ReadonlyMap<number, readonly string[]> | undefined;

/** Whether this is a name of the tz database in its exact spelling; this Node may lack the zone itself. */
export function isZoneName(name: string): boolean {
  return names().has(name);
}

/** The name that was probably meant by one that is none: another case, a blank, a fixed offset, a slip or two. */
export function suggestTimezone(text: string): string | undefined {
  if (text.length > LONGEST_NAME) return undefined;
  const wanted = text.trim().toLowerCase().replaceAll(' ', '_');
  return spellings().get(wanted) ?? fixedOffset(text.trim()) ?? similar(wanted);
}

/** Made on first use, as the two below: it costs a millisecond. */
function names(): ReadonlySet<string> {
  exact ??= new Set([...Intl.supportedValuesOf('timeZone'), ...LINKS.trim().split(/\s+/)]);
  return exact;
}

/** Names in lower case -> names. */
function spellings(): ReadonlyMap<string, string> {
  inLowerCase ??= new Map([...names()].map((name) => [name.toLowerCase(), name]));
  return inLowerCase;
}

/** `UTC+2` is written `Etc/GMT-2`: the names of fixed offsets count to the west. */
function fixedOffset(text: string): string | undefined {
  const [, sign, hours] = /^(?:UTC|GMT)?([+-])0?(\d{1,2})(?::?00)?$/i.exec(text) ?? [];
  const name = `Etc/GMT${sign === '+' ? '-' : '+'}${hours}`;
  return isZoneName(name) ? name : undefined;
}

/** Names in lower case that have so many characters. */
function namesOfLength(length: number): readonly string[] {
  if (byLength === undefined) {
    const lists = new Map<number, string[]>();
    for (const name of spellings().keys()) {
      const list = lists.get(name.length);
      if (list === undefined) lists.set(name.length, [name]);
      else list.push(name);
    }
    byLength = lists;
  }
  return byLength.get(length) ?? [];
}

/** The name with at most two slips, none in its first three letters or none in its last three: others cost too much. */
function similar(wanted: string): string | undefined {
  const most = wanted.length < 6 ? 1 : 2;
  const start = wanted.slice(0, 3);
  const end = wanted.slice(-3);
  const candidates: string[] = [];
  for (let length = wanted.length - most; length <= wanted.length + most; length++) {
    for (const name of namesOfLength(length)) {
      const sameStart = name.startsWith(start) && name.at(-1) === wanted.at(-1);
      if (sameStart || name.endsWith(end)) candidates.push(name);
    }
  }
  return spellings().get(nearest(wanted, candidates, most) ?? '');
}
