"""Nine invented companies and what happens in them: six for tuning, three that are held out.

A line is `month-day | days | type | markets | names`. Names are what different people call the same event: in other
languages, shorter, or otherwise; markets "DE/FR" are one event of its own in each, "DE+FR" one event in both, "" says
nothing. `*`: only in the first year; otherwise there is one in each of two years.
"""

TUNING = {
    "Nordwind Outdoor": """
01-02 | 12 | promotional_period | DE/AT/CH | Winter Clearance / Winterschlussverkauf / WSV / Winter-Räumungsverkauf
01-20 | 1 | content_campaign | DE+AT+CH | Ski Touring Guide newsletter / Newsletter Skitouren-Ratgeber / NL Skitouren Guide
02-10 | 5 | promotional_period | DE | Valentine's couples deal / Valentinstag Paar-Angebot / Valentine promo for couples
02-14 | 1 | trade_show | | ISPO Munich / ISPO München / ISPO
03-03 | 1 | product_launch | DE+AT+CH | Trailhead 2 backpack launch / Launch Rucksack Trailhead 2 / Trailhead 2 release
03-05 | 1 | product_launch | DE+AT+CH | Trailhead Kids backpack launch / Launch Kinder-Rucksack Trailhead / Trailhead Kids release
03-20 | 14 | seasonal_campaign | DE+AT | Spring hiking campaign / Frühlings-Wanderkampagne / Frühjahrskampagne Wandern
04-01 | 3 | promotional_period | DE/CH | Tent Days / Zelttage / Zelt-Tage
04-14 | 4 | promotional_period | | Easter Sale / Ostern Angebote / Oster-Aktion
05-06 | 1 | content_campaign | DE | Bike to Work webinar / Webinar: Mit dem Rad zur Arbeit / Webinar Bike-to-Work
05-08 | 1 | content_campaign | DE | E-bike battery care webinar / Webinar: Akkupflege E-Bike / Webinar Akku-Pflege
05-20 | 10 | seasonal_campaign | DE+AT+CH | Camping season kick-off / Auftakt Campingsaison / Start Camping Saison
06-15 | 7 | promotional_period | DE/AT/CH | Summer Sale / Sommer-Sale / SSV
06-30 | 1 | promotional_period | DE+AT+CH | Summer Sale last day / Sommer-Sale letzter Tag / Last chance Summer Sale
07-05 | 1 | pr_event | DE | Opening of the Leipzig store / Neueröffnung Filiale Leipzig / Store Opening Leipzig
07-07 | 1 | pr_event | DE | Opening of the Dresden store / Neueröffnung Filiale Dresden / Store Opening Dresden
08-18 | 12 | promotional_period | DE+AT | Back to School backpacks / Schulanfang: Rucksäcke / Back-to-School Rucksack-Aktion
09-02 | 1 | product_launch | DE+AT+CH | Polar down jacket drop 1 / Polar Daunenjacke Drop 1 / Drop 1 Polar Jacke
09-04 | 1 | product_launch | DE+AT+CH | Polar down jacket drop 2 / Polar Daunenjacke Drop 2 / Drop 2 Polar Jacke
09-20 | 9 | seasonal_campaign | DE | Autumn trail running weeks / Herbst-Trailrunning-Wochen / Trailrunning Herbst
10-10 | 3 | promotional_period | DE+AT+CH | Members' days / Mitgliedertage / Member Days
11-11 | 1 | promotional_period | DE | Singles' Day flash sale / Singles Day Blitzangebot / Singles Day Flash Sale
11-20 | 1 | content_campaign | DE+AT+CH | Black Friday teaser mailing / Teaser-Mailing Black Friday / BF Teaser Newsletter
11-28 | 1 | promotional_period | DE+AT+CH | Black Friday / Black Friday Angebote / BF
12-01 | 1 | promotional_period | DE+AT+CH | Cyber Monday / Cyber Montag / Cybermonday Deals
12-02 | 22 | seasonal_campaign | DE+AT+CH | Advent calendar competition / Adventskalender-Gewinnspiel / Gewinnspiel Adventskalender
12-15 | 3 | promotional_period | DE | Free express shipping / Kostenloser Expressversand / Gratis Express-Versand
""",
    "Maison Lavande": """
01-08 | 21 | promotional_period | FR/BE | Soldes d'hiver / Winter Sales / Soldes hiver
01-15 | 1 | product_launch | FR+BE+ES | Lancement sérum Éclat / Éclat serum launch / Lanzamiento sérum Éclat
01-17 | 1 | product_launch | FR+BE+ES | Lancement crème Éclat nuit / Éclat night cream launch / Lanzamiento crema de noche Éclat
02-06 | 9 | promotional_period | FR+BE+ES | Saint-Valentin coffrets / Valentine's gift sets / San Valentín cofres
03-08 | 1 | pr_event | | Journée de la femme / Women's Day / Día de la mujer
03-12 | 2 | trade_show | | Cosmoprof Bologna / Salon Cosmoprof Bologne / Cosmoprof
03-24 | 5 | promotional_period | ES | Días del perfume / Perfume days / Journées du parfum
04-02 | 1 | content_campaign | FR | Atelier Instagram live maquillage / Instagram live make-up workshop / Live Insta: atelier make-up
04-04 | 1 | content_campaign | FR | Atelier Instagram live soin de la peau / Instagram live skincare workshop / Live Insta: atelier skincare
04-28 | 7 | promotional_period | ES | Día de la Madre / Mother's Day / Fête des mères Espagne
05-19 | 7 | promotional_period | FR/BE | Fête des mères / Mother's Day / Mothers day coffrets
05-12 | 3 | pr_event | FR | Influencer trip Grasse / Voyage influenceurs Grasse / Press trip Grasse
06-02 | 10 | promotional_period | FR | Fête des pères / Father's Day / Offre fête des pères
06-25 | 28 | promotional_period | FR/BE | Soldes d'été / Summer Sales / Summer sale
07-01 | 28 | promotional_period | ES | Rebajas de verano / Summer Sales Spain / Soldes d'été Espagne
07-08 | 1 | product_launch | FR+ES | Sun care mini collection / Mini collection solaire / Mini colección solar
08-25 | 14 | seasonal_campaign | FR | La rentrée beauté / Back to school beauty / Campagne rentrée
09-09 | 1 | product_launch | FR+BE+ES | Parfum Brume launch / Lancement parfum Brume / Lanzamiento perfume Brume
09-10 | 1 | pr_event | FR | Soirée presse Brume / Brume press evening / Press party Brume
09-29 | 6 | promotional_period | ES | Semana del cuidado de la piel / Skincare Week / Semaine du soin
10-06 | 3 | promotional_period | FR+BE | Ventes privées clientes / Private sale for customers / Vente privée club
10-31 | 1 | content_campaign | FR | Tutoriel Halloween / Halloween make-up tutorial / Tuto Halloween
11-04 | 1 | content_campaign | FR+BE | Calendrier de l'avent : précommande / Advent calendar pre-order / Précommande calendrier avent
11-28 | 4 | promotional_period | FR+BE+ES | Black Friday / Vendredi noir / Viernes Negro
12-01 | 1 | promotional_period | FR+BE+ES | Cyber Monday / Cyber lundi / Ciberlunes
12-05 | 18 | seasonal_campaign | FR+BE | Noël coffrets cadeaux / Christmas gift sets / Campagne Noël coffrets
12-19 | 1 | other | FR+BE+ES | Last order date before Christmas / Date limite de commande Noël / Fecha límite pedidos Navidad
""",
    "Brightline Software": """
01-13 | 2 | other | | Sales kick-off / SKO / Sales Kickoff
01-21 | 1 | content_campaign | US | Webinar: forecasting for finance teams / Forecasting for Finance webinar / Finance forecasting webinar
01-23 | 1 | content_campaign | US | Webinar: forecasting for retail teams / Forecasting for Retail webinar / Retail forecasting webinar
02-04 | 1 | product_launch | US+GB | Brightline 7 release / Release Brightline 7 / Launch: Brightline 7
02-06 | 1 | product_launch | US+GB | Brightline mobile release / Mobile app release / Launch: Brightline Mobile
02-25 | 3 | trade_show | GB | London Retail Expo / Retail Expo London / Expo retail, London
03-10 | 5 | content_campaign | US/GB | Customer stories week / Week of customer stories / Customer Story Week
03-18 | 1 | pr_event | US | Analyst briefing day / Analyst Day / Analysts' day
04-08 | 2 | trade_show | US | Partner summit Austin / Austin Partner Summit / Partner Conference Austin
04-10 | 1 | other | US | Partner summit Austin: follow-up call / Austin Partner Summit follow up / Follow-up Partner Summit
05-06 | 1 | content_campaign | US+GB | Benchmark report / State of Planning report / Benchmark Report release
05-13 | 7 | promotional_period | US | Spring upgrade offer / Spring Upgrade Promo / Upgrade offer (spring)
06-03 | 1 | content_campaign | US | Product webinar: dashboards / Dashboards webinar / Webinar - Dashboards
06-05 | 1 | content_campaign | US | Product webinar: alerts / Alerts webinar / Webinar - Alerts
06-17 | 3 | trade_show | US | Data Summit San Francisco / SF Data Summit / Data Conference San Francisco
07-15 | 10 | promotional_period | US+GB | Half-year discount / Mid-year Promo / Mid-year discount
08-12 | 1 | content_campaign | US | Podcast: The Planner, season 2 / The Planner podcast season 2 / Podcast launch The Planner S2
09-09 | 3 | trade_show | GB | Brightline Connect London / Connect London / BL Connect London
09-16 | 3 | trade_show | US | Brightline Connect New York / Connect New York / BL Connect NYC
09-08 | 1 | other | GB | Brightline Connect London set-up / Connect London setup / Set-up Connect London
10-07 | 1 | product_launch | US+GB | Planning assistant launch / AI planning assistant release / Launch: planning assistant
10-14 | 5 | content_campaign | US+GB | Customer appreciation week / Customers' Week / Customer Appreciation
10-28 | 1 | competitor_event | US | Competitor launch: Planora 5 / Planora 5 launch / Planora v5 release
11-28 | 1 | promotional_period | US | Black Friday upgrade deal / BF upgrade offer / Black Friday Upgrade Deal
12-01 | 1 | promotional_period | US | Cyber Monday upgrade deal / CM upgrade offer / Cyber Monday Upgrade
12-09 | 1 | content_campaign | US+GB | Webinar: planning for the new year / New-Year Planning webinar / New year planning webinar
12-16 | 1 | other | | Year-end close reminder / Reminder: year end close / Year end closing
""",
}

MORE_TUNING = {
    "Casa Bruna": """
01-04 | 30 | promotional_period | IT/ES | Saldi invernali / Winter sales / Rebajas de invierno
01-16 | 4 | trade_show | | Maison & Objet Paris / Maison et Objet Parigi / M&O Paris
02-01 | 14 | promotional_period | IT+ES | White Week bed linen / Settimana del bianco: biancheria letto / Semana blanca: ropa de cama
02-12 | 3 | promotional_period | IT | San Valentino a tavola / Valentine's table setting / Valentine tableware
03-01 | 1 | product_launch | IT+ES | Collezione Terra / Terra collection launch / Lanzamiento colección Terra
03-04 | 1 | product_launch | IT+ES | Collezione Mare / Mare collection launch / Lanzamiento colección Mare
03-19 | 1 | promotional_period | IT/ES | Festa del papà / Father's Day / Día del Padre
04-07 | 6 | trade_show | IT | Salone del Mobile / Milan Furniture Fair / Salone del Mobile Milano
04-09 | 1 | pr_event | IT | Cocktail Fuorisalone showroom Brera / Fuorisalone cocktail at Brera showroom / Fuorisalone: cocktail party Brera
04-22 | 5 | content_campaign | IT+ES | Earth Day: recycled glass / Giornata della Terra: vetro riciclato / Día de la Tierra: vidrio reciclado
05-04 | 7 | promotional_period | IT | Festa della mamma / Mother's Day / Mamma: idee regalo
05-15 | 20 | seasonal_campaign | IT+ES | Outdoor living / Vivere all'aperto (outdoor living) / Outdoor Living: terraza y jardín
06-01 | 1 | pr_event | ES | Apertura tienda Valencia / Valencia store opening / Inauguración Valencia
06-04 | 1 | pr_event | ES | Apertura tienda Sevilla / Seville store opening / Inauguración Sevilla
06-10 | 5 | promotional_period | IT+ES | Wedding list promotion / Promozione lista nozze / Promoción lista de bodas
07-05 | 45 | promotional_period | IT/ES | Saldi estivi / Summer sales / Rebajas de verano
08-04 | 14 | other | IT | Chiusura estiva magazzino / Warehouse summer closing / Magazzino chiuso (chiusura estiva)
09-01 | 10 | seasonal_campaign | IT+ES | Kitchen refresh / Rinnova la cucina / Renueva tu cocina
09-22 | 3 | promotional_period | IT | Giornate del tappeto / Carpet Days / Carpet days -30%
10-02 | 1 | content_campaign | IT+ES | Podcast Abitare episodio 1 / Abitare podcast episode 1 / Podcast Abitare ep. 1
10-05 | 1 | content_campaign | IT+ES | Podcast Abitare episodio 2 / Abitare podcast episode 2 / Podcast Abitare ep. 2
10-20 | 7 | promotional_period | ES | Semana del sofá / Sofa Week / Sofa week España
11-07 | 1 | content_campaign | IT+ES | Christmas catalogue mailing / Invio catalogo Natale / Envío catálogo Navidad
11-24 | 7 | promotional_period | IT+ES | Black Week / Settimana nera (Black Week) / Blackweek
11-28 | 1 | promotional_period | IT+ES | Black Friday / Venerdì nero / Viernes negro
12-06 | 12 | seasonal_campaign | IT | Natale in tavola / Christmas table / Tavola di Natale
12-08 | 1 | pr_event | IT | Accensione albero di Natale flagship Torino / Christmas tree lighting Turin flagship / Tree lighting, flagship Torino
""",
    "Pixelforge Games": """
01-10 | 3 | trade_show | US | Consumer Electronics Show / CES / CES Las Vegas
01-28 | 1 | content_campaign | US+GB+DE | Developer diary: Emberfall / Emberfall dev diary / Entwicklertagebuch Emberfall
01-30 | 1 | content_campaign | US+GB+DE | Developer diary: Skyrift / Skyrift dev diary / Entwicklertagebuch Skyrift
02-11 | 1 | product_launch | US+GB+DE | Emberfall early access / Early Access: Emberfall / Emberfall Early-Access-Start
02-13 | 1 | product_launch | US+GB+DE | Emberfall soundtrack release / Soundtrack Emberfall / Emberfall OST release
03-17 | 5 | trade_show | US | Game Developers Conference / GDC San Francisco / GDC
03-19 | 1 | pr_event | US | Pixelforge party at GDC / GDC party / Party at GDC
04-03 | 4 | promotional_period | US/GB/DE | Spring Steam discount / Steam Spring Sale / Frühlings-Rabatt Steam
04-15 | 1 | product_launch | US+GB+DE | Skyrift closed beta / Closed Beta Skyrift / Skyrift geschlossene Beta
04-18 | 1 | product_launch | US+GB+DE | Skyrift open beta / Open Beta Skyrift / Skyrift offene Beta
05-04 | 1 | content_campaign | US | Star Wars Day stream / May the 4th stream / Stream: May the Fourth
05-20 | 1 | product_launch | US+GB+DE | Emberfall patch 1.2 / Patch 1.2 for Emberfall / Emberfall Update 1.2
05-22 | 1 | product_launch | US+GB+DE | Emberfall patch 1.3 / Patch 1.3 for Emberfall / Emberfall Update 1.3
06-06 | 3 | trade_show | US | Summer Game Fest / Summer Games Fest / SGF
06-08 | 1 | pr_event | US | Skyrift reveal trailer / Trailer reveal Skyrift / Skyrift reveal
06-26 | 14 | promotional_period | US+GB+DE | Steam Summer Sale / Summer Sale (Steam) / Steam-Sommersale
07-08 | 4 | competitor_event | US | Prime Day / Amazon Prime Day / Prime Days
08-20 | 5 | trade_show | DE | gamescom Cologne / Gamescom Köln / gamescom
08-19 | 1 | pr_event | DE | gamescom opening night / Opening Night gamescom / gamescom ONL
09-10 | 1 | product_launch | US+GB+DE | Skyrift launch / Launch Skyrift / Skyrift Release
09-11 | 1 | content_campaign | US+GB+DE | Skyrift launch stream / Launch Stream Skyrift / Launch-Stream zu Skyrift
10-02 | 5 | content_campaign | US+GB | Speedrun charity week / Charity speedrun week / Speedrunning for charity
10-24 | 8 | content_campaign | US+GB+DE | Halloween event Emberfall / Emberfall Halloween / Halloween in Emberfall
11-12 | 1 | product_launch | US+GB+DE | Emberfall: Ashes expansion / Ashes expansion / Emberfall Erweiterung Ashes
11-28 | 4 | promotional_period | US+GB+DE | Black Friday weekend / Black-Friday-Wochenende / BF weekend deals
12-11 | 1 | pr_event | US | The Game Awards / Game Awards / TGA
12-20 | 14 | promotional_period | US+GB+DE | Steam Winter Sale / Winter Sale on Steam / Steam-Wintersale
""",
    "Green Fork": """
01-01 | 31 | seasonal_campaign | GB+IE+NL | Veganuary / Veganuary challenge / Vegan January
01-06 | 5 | promotional_period | GB/IE | New year, half price box / Half-price box / New Year half price
01-27 | 1 | content_campaign | GB | Recipe webinar: quick lunches / Quick lunches webinar / Webinar quick lunch
01-29 | 1 | content_campaign | GB | Recipe webinar: slow cooking / Slow cooking webinar / Webinar slow cook
02-04 | 1 | content_campaign | GB+IE | Pancake Day recipes / Recipes for Pancake Day / Shrove Tuesday pancakes
02-13 | 2 | promotional_period | GB+IE+NL | Valentine's dinner for two / Valentine dinner box / V-Day dinner for 2
03-10 | 1 | product_launch | GB+IE | Family box launch / Launch of the family box / Family Box goes live
03-12 | 1 | product_launch | GB+IE | Student box launch / Launch of the student box / Student Box goes live
03-30 | 1 | promotional_period | GB+IE | Mother's Day brunch / Mothering Sunday brunch / Mother's Day Brunch box
04-17 | 5 | promotional_period | GB/IE/NL | Easter roast / Easter Roast box / Easter lunch roast
04-26 | 1 | promotional_period | NL | King's Day picnic / Koningsdag picnic / King's Day picnic box
05-12 | 7 | content_campaign | GB | National Vegetarian Week / Vegetarian Week / Veggie Week
05-26 | 1 | promotional_period | GB | Bank holiday barbecue / Spring Bank Holiday BBQ / Bank Hol BBQ
06-09 | 3 | trade_show | GB | Food & Drink Expo Birmingham / Food and Drink Expo / Food & Drink Expo B'ham
06-23 | 14 | seasonal_campaign | GB+IE | Wimbledon strawberries / Strawberries for Wimbledon / Strawberry fortnight (Wimbledon)
07-14 | 4 | promotional_period | NL | Zomeractie / Summer promo NL / Summer Deal Netherlands
07-21 | 10 | promotional_period | GB+IE | Refer a friend double credit / Double referral credit / Refer-a-friend x2
08-11 | 1 | other | GB+IE+NL | Price increase / Price rise / Prices go up
08-28 | 10 | promotional_period | GB+IE | Back to school lunchboxes / Back-to-School lunch box / Lunchboxes: back to school
09-15 | 5 | content_campaign | GB | Zero Waste Week / Zero-waste week / Week of Zero Waste
09-17 | 1 | pr_event | GB | Zero Waste dinner with chefs / Chefs' zero-waste dinner / Press dinner Zero Waste
10-06 | 5 | promotional_period | GB | Curry Week / National Curry Week / Curry week 25% off
10-16 | 1 | pr_event | GB | World Food Day donation / Donation for World Food Day / World Food Day
11-05 | 1 | content_campaign | GB | Bonfire Night recipes / Bonfire night: recipes / Guy Fawkes recipes
11-28 | 4 | promotional_period | GB+IE+NL | Black Friday box offer / BF box deal / Black Friday boxes
12-01 | 1 | promotional_period | GB+IE+NL | Cyber Monday box offer / CM box deal / Cyber Monday boxes
12-08 | 14 | seasonal_campaign | GB+IE | Christmas dinner pre-order / Pre-order Christmas dinner / Xmas dinner preorder
""",
}

HELD_OUT = {
    "Alpenglow Bank": """
01-09 | 1 | pr_event | | New Year reception / Neujahrsempfang / Neujahrsempfang Vorstand
01-19 | 12 | promotional_period | DE/AT | Savings account bonus rate / Sparkonto-Bonuszins / Bonuszins Sparkonto
02-03 | 1 | content_campaign | DE+AT | Webinar ETF basics / ETF-Grundlagen Webinar / Webinar: ETF Grundlagen
02-05 | 1 | content_campaign | DE+AT | Webinar home financing / Baufinanzierung Webinar / Webinar: Baufinanzierung
02-18 | 1 | pr_event | DE | Annual results press conference / Bilanzpressekonferenz / Jahrespressekonferenz
03-02 | 1 | product_launch | DE+AT+CH | Alpenglow Pay app launch / Launch Alpenglow Pay App / Alpenglow Pay: App-Start
03-05 | 1 | product_launch | AT | Student account launch / Einführung Studentenkonto / Studentenkonto Launch
03-23 | 10 | seasonal_campaign | DE+AT | Spring cleaning for your finances / Frühjahrsputz für Ihre Finanzen / Finanz-Frühjahrsputz
04-15 | 2 | trade_show | DE | Invest Stuttgart / Messe Invest Stuttgart / Invest Stuttgart (Messe)
04-29 | 1 | pr_event | AT | Girls' Day at headquarters / Girls' Day Zentrale / Girls Day Wien
05-05 | 5 | promotional_period | DE+AT | Fee-free custody account week / Aktionswoche gebührenfreies Depot / Depot ohne Gebühren
05-19 | 1 | other | DE+AT+CH | General meeting / Hauptversammlung / Hauptversammlung (HV)
06-08 | 14 | promotional_period | CH | Travel credit card offer / Angebot Reise-Kreditkarte / Reisekreditkarte Aktion
06-22 | 4 | pr_event | AT | Open-air concert sponsorship / Sponsoring Open-Air-Konzert / Open Air Konzert (Sponsoring)
07-14 | 1 | content_campaign | DE+AT | Podcast Geldgespräch: pensions / Podcast Geldgespräch – Rente / Geldgespräch Podcast Pension
07-16 | 1 | content_campaign | DE+AT | Podcast Geldgespräch: children / Podcast Geldgespräch – Kinder / Geldgespräch Podcast Kinder
08-25 | 10 | promotional_period | AT | School start youth account / Jugendkonto zum Schulstart / Schulstart-Aktion Jugendkonto
09-08 | 1 | pr_event | DE | Branch opening Passau / Filialeröffnung Passau / Eröffnung Filiale Passau
09-11 | 1 | pr_event | DE | Branch opening Rosenheim / Filialeröffnung Rosenheim / Eröffnung Filiale Rosenheim
09-22 | 5 | content_campaign | CH | Retirement planning week / Woche der Altersvorsorge / Vorsorgewoche
10-30 | 1 | content_campaign | DE+AT+CH | World Savings Day / Weltspartag / Weltspartag Filialaktion
11-10 | 1 | competitor_event | DE | Competitor: Nordbank instant loan / Nordbank Sofortkredit (Wettbewerb) / Nordbank instant loan launch
11-17 | 21 | promotional_period | DE/AT | Loan week / Kreditwochen / Aktion Kreditwochen
11-28 | 1 | promotional_period | DE+AT | Black Friday cashback / Cashback Black Friday / Black-Friday-Cashback
12-03 | 24 | seasonal_campaign | DE+AT | Donate instead of gifts / Spenden statt Geschenke / Weihnachtsaktion Spenden statt Geschenke
12-30 | 1 | other | | Year-end booking cut-off / Buchungsschluss Jahresende / Buchungsschluss zum Jahresende
""",
    "Bluewing Travel": """
01-05 | 26 | promotional_period | GB/FR/ES | January sale / Soldes de janvier / Ofertas de enero
01-14 | 1 | product_launch | GB+FR+ES | Summer brochure launch / Lancement brochure été / Lanzamiento folleto de verano
01-21 | 5 | trade_show | ES | Fitur Madrid / FITUR / Feria Fitur
02-09 | 10 | promotional_period | GB+FR | Half-term city breaks / City breaks half term / Half term: city breaks
02-16 | 1 | content_campaign | GB | Instagram takeover: Lisbon / Lisbon Instagram takeover / IG takeover Lisbon
02-19 | 1 | content_campaign | GB | Instagram takeover: Naples / Naples Instagram takeover / IG takeover Naples
03-03 | 3 | trade_show | | ITB Berlin / ITB / Salon ITB Berlin
03-16 | 7 | promotional_period | FR | Semaine des îles / Island week / Offre Semaine des îles
03-30 | 1 | product_launch | GB+FR | New route: Bristol to Palma / Nouvelle ligne Bristol–Palma / Bristol–Palma route launch
04-01 | 1 | product_launch | GB+FR | New route: Bristol to Faro / Nouvelle ligne Bristol–Faro / Bristol–Faro route launch
04-20 | 5 | promotional_period | GB/ES | Last-minute Easter escapes / Escapadas de Semana Santa última hora / Easter last-minute escapes
05-11 | 2 | pr_event | FR | Journalists' trip to Corsica / Voyage de presse en Corse / Press trip Corsica
05-25 | 7 | promotional_period | GB | Cruise week / Week of cruises / Cruise Week offers
06-09 | 1 | competitor_event | GB | Skyhopper summer sale / Competitor: Skyhopper summer sale / Skyhopper Summer Sale (competitor)
06-15 | 14 | promotional_period | GB/FR/ES | Summer flash deals / Ventes flash été / Ofertas relámpago de verano
07-01 | 1 | other | GB+FR+ES | New baggage rules / Nouvelles règles bagages / Nuevas normas de equipaje
07-20 | 5 | content_campaign | GB+FR | Travel photo contest / Concours photo voyage / Photo contest: travel
08-03 | 1 | product_launch | GB | Loyalty programme relaunch / Relaunch of the loyalty programme / Loyalty relaunch
08-24 | 12 | promotional_period | GB+FR | Late summer sun / Soleil d'arrière-saison / Late-summer sun deals
09-14 | 5 | promotional_period | ES | Semana del viajero / Traveller week / Traveller's week Spain
09-27 | 1 | content_campaign | GB+FR+ES | World Tourism Day / Journée mondiale du tourisme / Día Mundial del Turismo
10-05 | 1 | product_launch | GB+FR+ES | Ski brochure launch / Lancement brochure ski / Lanzamiento folleto esquí
10-13 | 5 | promotional_period | GB | Winter sun week / Week of winter sun / Winter Sun Week
11-03 | 3 | trade_show | GB | World Travel Market London / WTM London / World Travel Market
11-04 | 1 | pr_event | GB | World Travel Market drinks reception / WTM drinks reception / Drinks at WTM
11-25 | 6 | promotional_period | GB+FR+ES | Black Friday week / Semaine Black Friday / Semana Black Friday
11-30 | 1 | promotional_period | GB+FR+ES | Travel Tuesday / Travel Tuesday offers / Travel Tuesday deals
12-26 | 5 | promotional_period | GB | Boxing Day sale / Boxing Day deals / Boxing Day offers
""",
    "Sorella Moda": """
01-05 | 28 | promotional_period | IT/FR | Saldi / Winter sale / Saldi di gennaio
01-13 | 4 | trade_show | IT | Pitti Uomo Florence / Pitti Uomo Firenze / Pitti Uomo
01-27 | 1 | product_launch | IT+FR+US | Denim capsule / Capsule denim / Capsula denim
01-29 | 1 | product_launch | IT+FR+US | Linen capsule / Capsule lin / Capsula lino
02-07 | 8 | promotional_period | IT+FR | San Valentino regali per lei / Valentine gifts for her / Saint-Valentin: cadeaux pour elle
02-24 | 6 | pr_event | IT | Milan Fashion Week / Milano Fashion Week / Settimana della moda Milano
02-25 | 1 | pr_event | IT | Fashion show Sorella FW / Sfilata Sorella FW / Sorella runway show FW
03-02 | 5 | pr_event | FR | Paris Fashion Week / Semaine de la mode Paris / PFW
03-09 | 1 | content_campaign | US | Stylist Q&A on TikTok / TikTok stylist Q&A / TikTok: Q&A with our stylist
03-16 | 1 | product_launch | IT+FR+US | Trench collection / Collezione trench / Collection trench
04-13 | 4 | promotional_period | US | Friends and family / Friends & Family sale / F&F event
04-21 | 6 | pr_event | IT | Design week pop-up Brera / Pop-up Brera Design Week / Brera pop-up (Design Week)
05-06 | 6 | promotional_period | US | Mother's Day gift guide / Mother's Day gifting / Gift guide Mother's Day
05-18 | 1 | product_launch | IT+FR+US | Bridal line preview / Anteprima linea sposa / Bridal preview
05-21 | 1 | product_launch | IT+FR+US | Bridal line launch / Lancio linea sposa / Bridal launch
06-03 | 1 | pr_event | US | SoHo store opening / Opening SoHo store / New store: SoHo opening
06-12 | 10 | seasonal_campaign | IT+FR+US | Beachwear campaign / Campagna beachwear / Campagne beachwear
07-04 | 40 | promotional_period | IT/FR | Saldi estivi / Summer sale / Saldi d'estate
07-04 | 3 | promotional_period | US | Independence Day sale / Fourth of July sale / July 4 sale
09-07 | 3 | promotional_period | US | Labor Day sale / Labor Day deals / Labor Day weekend offers
09-10 | 1 | content_campaign | IT+FR | Vogue advertorial / Publiredazionale Vogue / Advertorial in Vogue
09-22 | 6 | pr_event | IT | Milan Fashion Week / Milano Fashion Week / Settimana della moda Milano
09-23 | 1 | pr_event | IT | Fashion show Sorella SS / Sfilata Sorella SS / Sorella runway show SS
10-12 | 10 | promotional_period | FR+US | Coat exchange / Échange de manteaux / Bring your old coat
10-20 | 1 | product_launch | US | Vegan leather bag / Vegan leather bag launch / Launch: bag in vegan leather
11-11 | 1 | promotional_period | US | Veterans Day offer / Veterans Day deal / Veterans Day discount
11-27 | 5 | promotional_period | IT+FR+US | Black Friday / Black Friday weekend / Black Friday -40%
12-02 | 23 | seasonal_campaign | IT+FR+US | Holiday gifting / Regali di Natale / Idées cadeaux de Noël
12-27 | 5 | promotional_period | US | End of season sale / EOSS / Season-end sale
""",
}

PHRASES = {
    # What the caller's moments table gives: phrase -> code of the moment.
    "black friday": "black_friday", "blackfriday": "black_friday", "bf": "black_friday",
    "vendredi noir": "black_friday", "viernes negro": "black_friday", "venerdì nero": "black_friday",
    "cyber monday": "cyber_monday", "cybermonday": "cyber_monday", "cyber montag": "cyber_monday",
    "cyber lundi": "cyber_monday", "ciberlunes": "cyber_monday", "cm": "cyber_monday",
    "valentine's day": "valentines_day", "valentine's": "valentines_day", "valentine": "valentines_day",
    "valentinstag": "valentines_day", "saint-valentin": "valentines_day", "san valentín": "valentines_day",
    "san valentino": "valentines_day",
    "mother's day": "mothers_day", "mothers day": "mothers_day", "muttertag": "mothers_day",
    "fête des mères": "mothers_day", "día de la madre": "mothers_day", "festa della mamma": "mothers_day",
    "father's day": "fathers_day", "fathers day": "fathers_day", "vatertag": "fathers_day",
    "fête des pères": "fathers_day", "día del padre": "fathers_day", "festa del papà": "fathers_day",
    "easter": "easter", "ostern": "easter", "pâques": "easter", "pasqua": "easter", "pascua": "easter",
    "women's day": "womens_day", "journée de la femme": "womens_day", "día de la mujer": "womens_day",
    "singles' day": "singles_day", "singles day": "singles_day", "prime day": "prime_day", "prime days": "prime_day",
    "halloween": "halloween", "christmas": "christmas", "xmas": "christmas", "noël": "christmas",
    "weihnachten": "christmas", "natale": "christmas", "navidad": "christmas", "super bowl": "super_bowl",
}  # fmt: skip
