"""Words of the trade in English, German, French, Spanish and Italian: which mean the same, and which say little.

The lists are general: no company's, product's or place's name belongs here (a caller's alias table is for those).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

SALE: Final = "sale"
"""What every word for an offer becomes: it says little, but tells an offer from a launch."""

# Canonical word: what people write for it. Several words in a row are one phrase. Accents are folded on loading.
_SAME: Final = """
sale: sales, deal, deals, offer, offers, promo, promos, promotion, promotions, discount, discounts, special, specials,
  savings, angebot, angebote, rabatt, rabatte, rabatten, rabattaktion, schlussverkauf, ausverkauf, verkauf, aktion,
  aktionen, schnäppchen, solde, soldes, offre, offres, remise, remises, réduction, réductions, bons plans, promotionnel,
  rebaja, rebajas, oferta, ofertas, descuento, descuentos, promoción, promociones, saldi, sconto, sconti, offerta,
  offerte, promozione, promozioni, aktionswoche, prozente
spring: frühling, frühlings, frühjahr, frühjahrs, printemps, printanier, primavera, primaverile
summer: sommer, été, estival, verano, estate, estivi, estiva
autumn: fall, herbst, automne, otoño, autunno, autunnale
winter: hiver, hivernal, invierno, inverno, invernale
summer sale: ssv, sommerschlussverkauf
winter sale: wsv, winterschlussverkauf
january: januar, jänner, janvier, enero, gennaio, jan
february: februar, février, febrero, febbraio, feb
march: märz, mars, marzo, mar
april: avril, abril, aprile, apr
may: mai, mayo, maggio
june: juni, juin, junio, giugno, jun
july: juli, juillet, julio, luglio, jul
august: août, agosto, aug
september: septembre, septiembre, settembre, sept, sep
october: oktober, octobre, octubre, ottobre, oct, okt
november: novembre, noviembre, nov
december: dezember, décembre, diciembre, dicembre, dec, dez
monday: montag, lundi, lunes, lunedì
tuesday: dienstag, mardi, martes, martedì
wednesday: mittwoch, mercredi, miércoles, mercoledì
thursday: donnerstag, jeudi, jueves, giovedì
friday: freitag, vendredi, viernes, venerdì
saturday: samstag, sonnabend, samedi, sábado, sabato
sunday: sonntag, dimanche, domingo, domenica
day: days, tag, tage, tages, jour, jours, journée, journées, día, días, jornada, jornadas, giorno, giorni, giornata,
  giornate
week: weeks, woche, wochen, semaine, semaines, semana, semanas, settimana, settimane, wk
weekend: wochenende, week end, wkend, fin de semana, fine settimana
month: monat, monate, monats, mois, mes, mese
night: nacht, nuit, noche, notte
evening: abend, soirée, soir, tarde, serata, sera
launch: launches, release, releases, rollout, roll out, go live, golive, einführung, markteinführung, markteintritt,
  produkteinführung, produktstart, verkaufsstart, lancement, sortie, lanzamiento, lancio, uscita, debut
start: begin, begins, beginn, auftakt, startschuss, kickoff, kick off, kick, début, inicio, comienzo,
  inizio, opener
opening: eröffnung, neueröffnung, grand opening, ouverture, inauguration, apertura, inauguración, inaugurazione
closing: schließung, fermeture, cierre, chiusura
collection: kollektion, kollektionen, colección, collezione, line, linie, ligne, línea, linea, range, kapsel, capsule
new: neu, neue, neuer, neues, nouveau, nouvelle, nouveautés, nouveaux, nueva, nuevo, nuevas, novedades, nuovo, nuova,
  nuovi, novità, new in, neuheiten
fair: messe, fachmesse, trade show, tradeshow, expo, salon, feria, fiera, foire, ausstellung, exhibition
conference: konferenz, conférence, conferencia, conferenza, congress, kongress, congrès, congreso, congresso, summit,
  gipfel, sommet, cumbre, vertice, conf, tagung, forum
webinar: webinars, online seminar, webinaire, seminario web, webseminar
workshop: workshops, atelier, taller, laboratorio
newsletter: newsletters, mailing, mailings, emailing, rundmail, infolettre, boletín
customer: customers, client, clients, kunde, kunden, cliente, clientes, clienti
partner: partners, partenaire, partenaires, partnern, socio, socios
member: members, mitglied, mitglieder, membres, membre, miembros, soci
employee: employees, staff, mitarbeiter, team, salariés, empleados, dipendenti, personal
family: familie, familien, famille, familles, familia, famiglia, friends
birthday: geburtstag, anniversary, jubiläum, anniversaire, cumpleaños, aniversario, compleanno, anniversario, bday
clearance: räumung, räumungsverkauf, déstockage, liquidation, liquidación, liquidazione, lagerverkauf, outlet
flash: blitz, éclair, relámpago, lampo
free: gratis, kostenlos, kostenloser, kostenlose, gratuit, gratuite, gratuito, gratuita
shipping: versand, lieferung, livraison, envío, envíos, spedizione, delivery
gift: gifts, geschenk, geschenke, cadeau, cadeaux, regalo, regalos, regali, gifting
guide: ratgeber, guía, guida
school: schule, schul, école, escuela, colegio, scuola
back to school: backtoschool, rentrée, rentrée scolaire, la rentrée, schulanfang, schulstart, schulbeginn,
  zurück zur schule, vuelta al cole, vuelta al colegio, ritorno a scuola, rientro a scuola
christmas: weihnachten, weihnachts, noël, navidad, navideña, natale, xmas, natalizio, x mas
easter: ostern, oster, pâques, pascua, pasqua
black friday: bf, blackfriday, vendredi noir, viernes negro, venerdì nero, schwarzer freitag
cyber monday: cybermonday, cyber montag, cyber lundi, ciberlunes
valentine: valentines, valentin, valentinstag, san valentino, san valentín, saint valentin, st valentin
mothers: muttertag, muttertags, mother, fête des mères, fete des meres, día de la madre, festa della mamma, mum, mom
fathers: vatertag, vatertags, father, fête des pères, día del padre, festa del papà
new year: neujahr, neujahrs, nouvel an, año nuevo, capodanno, nye
black week: blackweek, black week
cyber week: cyberweek
end of season: saisonende, season end, fin de saison, fin de temporada, fine stagione
season: saison, temporada, stagione
garden: garten, jardin, jardín, giardino
travel: reise, reisen, voyage, voyages, viaje, viajes, viaggio, viaggi
sport: sports, deporte, deportes
fashion: mode, moda
kids: kinder, kind, enfants, enfant, niños, bambini, children
women: damen, frauen, femme, femmes, mujer, mujeres, donna, donne, womens
men: herren, männer, homme, hommes, hombre, hombres, uomo, uomini, mens
home: haus, heim, maison, hogar, casa
shoes: shoe, schuhe, schuh, chaussures, zapatos, scarpe, calzado
store: shop, laden, filiale, geschäft, magasin, boutique, tienda, negozio, stores
online: digital, virtual, virtuell, en ligne, en línea
press: presse, prensa, stampa, pr
meeting: treffen, sitzung, réunion, reunión, riunione, besprechung
quarter: quartal, trimestre, quartals
price: prices, preis, preise, prix, precio, precios, prezzo, prezzi
increase: erhöhung, hausse, augmentation, subida, aumento
competition: contest, gewinnspiel, verlosung, concours, concurso, concorso, giveaway, sweepstake, sweepstakes, raffle
app: applikation, aplicación, appli
video: videos, film, vidéo
survey: umfrage, enquête, sondage, encuesta, sondaggio
open: offen, offene, offenen, ouvert, ouverte, ouvertes, abierta, abierto, aperto, aperta
door: tür, türen, portes, porte, puertas
half: halb, halbe
stock: lager, inventory, bestand
update: aktualisierung, actualización, aggiornamento
test: tests, probe, essai, prueba, prova
party: feier, fête, fiesta, festa, celebration
vip: vips
early access: early bird, frühzugang, vorabzugang, accès anticipé, acceso anticipado, accesso anticipato, earlybird,
  frühbucher
preview: vorschau, avant première, sneak peek, avance, anteprima, previews
teaser: teasers, warm up, warmup, ankündigung, annonce, countdown, anuncio, annuncio
preparation: prep, prepare, vorbereitung, vorbereitungen, préparation, preparación, preparativos, preparazione, setup,
  set up, aufbau, briefing, planning, planung, kickoff meeting, rehearsal, generalprobe
shooting: photo shoot, photoshoot, fotoshooting, shoot, séance photo, sesión de fotos, servizio fotografico
deadline: abgabe, frist, date limite, fecha límite, scadenza, cutoff, cut off, stichtag
review: retro, retrospective, recap, rückblick, bilan, resumen, debrief, nachbereitung, auswertung, analysis, analyse,
  follow up, followup, post mortem, wrap up
last chance: last day, last days, final day, final days, final hours, ends, ending, endet, letzte chance, letzter tag,
  letzte tage, dernière chance, dernier jour, derniers jours, última oportunidad, último día, últimos días,
  ultima occasione, ultimo giorno, ultimi giorni, closes
extension: extended, verlängerung, verlängert, prolongation, prolongé, prórroga, prolungamento
1: one, first, erste, erster, eins, premier, première, primera, primero, prima, primo
2: two, second, ii, zweite, zweiter, zwei, deux, deuxième, dos, segunda, due, seconda
3: three, third, iii, dritte, dritter, drei, trois, troisième, tres, tercera, tre, terza
4: four, fourth, iv, vierte, vier, quatre, quatrième, cuatro, quattro
"""

# Words that leave no trace: articles, little words, and words that every event could bear.
_NOTHING: Final = """
a, an, the, of, for, at, in, on, and, to, our, your, with, by, from, this, is, are, all, or, event, events, campaign,
campaigns, annual, yearly, edition, editions, ed, official, only, now, again, tbc, tbd, tba, draft, copy, fwd, re,
confirmed, internal, inc, part, parts, teil, teile, partie, parte, phase, vol, volume, no, nr, number, every, per,
der, die, das, den, dem, des, ein, eine, und, für, im, am, zum, zur, von, vom, mit, bei, beim, auf, an, unser, unsere,
kampagne, kampagnen, veranstaltung, veranstaltungen, jährlich, jährliche, jährlicher, ausgabe, kopie, alle, bis, große,
großer, le, la, les, un, une, du, de, d, l, et, pour, au, aux, en, sur, avec, par, notre, nos, campagne, campagnes,
évènement, événement, évènements, annuel, annuelle, édition, copie, grand, grande, grandes, el, los, las, unos, una,
del, al, y, con, para, por, nuestra, campaña, campañas, evento, eventos, eventi, anual, edición, copia, gran, il, lo,
gli, della, dello, dei, delle, di, da, dal, dalla, e, per, su, nel, nella, i, nostra, campagna, annuale, edizione,
marketing
"""

TWISTS: Final = (
    "early_access",
    "preview",
    "teaser",
    "preparation",
    "shooting",
    "deadline",
    "review",
    "last_chance",
    "extension",
    "meeting",
)
"""What makes another event out of one: a teaser for the sale is not the sale."""


def fold(text: str) -> str:
    """Letters without case, width and accents: "ÉTÉ" becomes "ete"."""
    if text.isascii():
        return text.casefold()
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _entries(text: str) -> Iterable[tuple[str, str]]:
    """(canonical, written) of every line of a table; an entry goes on where a line is indented."""
    for line in text.replace("\n ", " ").strip().splitlines():
        canonical, _, written = line.partition(":")
        yield canonical, canonical
        for phrase in written.split(","):
            yield canonical, phrase.strip()


@lru_cache(maxsize=1)
def trade_words() -> dict[tuple[str, ...], tuple[str, ...]]:
    """Folded phrase -> the words it becomes; a phrase that makes another event is one word with underscores."""
    names = {twist.replace("_", " "): (twist,) for twist in TWISTS}
    nothing: dict[tuple[str, ...], tuple[str, ...]] = {
        (fold(word.strip()),): () for word in _NOTHING.replace("\n", " ").split(",")
    }
    table = {
        tuple(fold(phrase).split()): names.get(canonical, tuple(canonical.split()))
        for canonical, phrase in _entries(_SAME)
    }
    return nothing | table
