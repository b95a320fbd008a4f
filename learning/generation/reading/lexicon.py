"""Word lists for reading notes without a language model: Spanish and English.

Words that carry accents only by grammar are listed folded (no accents, lower case), because learners
leave accents out; `Lexicon.verbs` keeps them, since "formuló" and "fórmula" differ by little else.
"""

import re
from dataclasses import dataclass

from learning.generation.reading.text import Token


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What the reader knows about one language; sets of folded words unless said otherwise."""

    code: str
    stop: frozenset[str]  # function words: never blanked, and how the language is recognised
    weak: frozenset[str]  # too general to ask for: "parte", "tipo", "way", "first"
    verbs: frozenset[str]  # finite forms, lower case, with accents
    verb_ending: re.Pattern[str]  # endings that only verbs have
    determiners: dict[str, str]  # word -> what it says about its noun: "ms" "fs" "mp" "fp" or ""
    prepositions: frozenset[str]  # what can stand right before a noun
    links: frozenset[str]  # join the words of a name or term: Miguel de Cervantes, ley de Ohm
    copulas: frozenset[str]  # "X is ...": what follows the thing defined
    naming: dict[str, list[tuple[str, ...]]]  # "... is called X": what comes before the thing defined
    dangling: frozenset[str]  # a sentence that begins so leans on the one before it
    places: frozenset[str]  # a name after these is probably a place
    year_lead: frozenset[str]  # a four-digit number after these is a year
    study_talk: frozenset[str]  # about studying, not about the subject: "mañana examen", "see chapter 3"
    months: frozenset[str]  # months and days of the week
    counts: tuple[str, ...]  # number words in order, from two

    def determiner(self, token: Token) -> str | None:
        """What an article or the like says about its noun; None for another word, "está" and "él" too."""
        if token.text.lower() in {"está", "él", "tú", "mí"}:
            return None
        return self.determiners.get(token.folded)

    def is_verb(self, word: str) -> bool:
        """Whether a word can be nothing but a finite verb, or seldom is."""
        lower = word.lower()
        return lower in self.verbs or self.verb_ending.search(lower) is not None


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for lists that read better without quotes and commas."""
    return frozenset(text.split())


def _by_first_word(phrases: str) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases.split(","):
        words = tuple(phrase.split())
        found.setdefault(words[0], []).append(words)
    return found


# --- Spanish -------------------------------------------------------------------------------------

_ES_STOP = word_set("""
    a al algo alguien algun alguna algunas alguno algunos ambas ambos ante antes apenas aquel aquella
    aquellas aquello aquellos aqui asi asimismo aun aunque bajo bastante bien cada casi como con contra
    cual cuales cualquier cualquiera cuando cuanta cuantas cuanto cuantos cuya cuyas cuyo cuyos de debido
    del demas demasiado dentro desde despues detras donde durante el ella ellas ello ellos en encima
    entonces entre era eran eres es esa esas ese eso esos esta estaba estaban estado estamos estan estar
    estas este esto estos estoy estuvieron estuvo etc fue fuera fueron fui gracias ha haber habia habian
    hace hacen hacer hacia han hasta hay he hemos hizo hicieron hubo incluso jamas junto la las le les lo
    los luego mas me mediante menos mi mis mientras misma mismas mismo mismos mucha muchas mucho muchos
    muy nada nadie ni ningun ninguna ninguno no nos nosotros nuestra nuestras nuestro nuestros nunca o
    otra otras otro otros para pero poca por pocas poco pocos podemos poder podia podria pronto puede
    pueden pues que quien quienes se sea sean segun ser sera seran seria si sido siempre sin sino sobre
    solamente solo son su sus suya suyo tal tales tambien tampoco tan tanta tantas tanto tantos te tenemos
    tener tenia tenian tiene tienen toda todas todavia todo todos tras tu tus tuvieron tuvo u un una unas
    uno unos usted va van varias varios vez veces vosotros y ya yo cerca lejos alrededor ademas embargo
    aquellos quiza quizas cuyos ahora ayer hoy mañana manana adelante atras arriba abajo fin posteriormente
    finalmente actualmente porque cuan acaso salvo excepto durante ibid
""")

_ES_WEAK = word_set("""
    parte partes tipo tipos forma formas manera maneras modo modos ejemplo ejemplos cosa cosas caso casos
    conjunto conjuntos grupo grupos serie nombre nombres lugar lugares través traves nivel niveles punto
    puntos momento momentos tiempo cantidad cantidades numero numeros mayoria mitad resto base final
    principio inicio comienzo hecho hechos idea ideas tema temas apartado unidad pagina paginas apuntes
    examen clase clases nota notas importante importantes importancia funcion funciones objetivo objetivos
    causa causas consecuencia consecuencias caracteristica caracteristicas propiedad propiedades
    resultado resultados razon razones problema problemas ventaja ventajas desventaja desventajas
    elemento elementos aspecto aspectos concepto conceptos definicion resumen introduccion conclusion
    proceso procesos fenomeno fenomenos mecanismo mecanismos sistema sistemas metodo metodos
    autor autores fecha fechas titulo capitulo figura tabla imagen pregunta respuesta obra obras
    primer primera primeras primero primeros segunda segundo tercer tercera tercero cuarta cuarto quinta
    quinto ultima ultimas ultimo ultimos unica unicas unico unicos gran grande grandes pequeña pequeñas
    pequeño pequeños pequena pequenas pequeno pequenos mayor mayores menor menores mejor mejores peor
    buen buena buenas bueno buenos mal mala malo nueva nuevas nuevo nuevos vieja viejo antigua antiguas
    antiguo antiguos alta altas alto altos baja bajas bajos larga largas largo largos corta corto cortos
    principal principales general generales diferente diferentes distinta distintas distinto distintos
    diversa diversas diverso diversos numerosa numerosas numeroso numerosos cierta ciertas cierto ciertos
    propia propias propio propios determinada determinadas determinado determinados siguiente siguientes
    anterior anteriores posible posibles simple simples fuerte fuertes rapida rapido lenta lento verdadera
    verdadero total media medio medios vez dia dias año años ano anos mes meses semana semanas siglo siglos
    hora horas minuto minutos mil millon millones miles cien cientos ciento decadas decada epoca epocas
    etapa etapas periodo periodos valor valores relacion relaciones cambio cambios efecto efectos estudio
    factor factores termino terminos palabra palabras persona personas gente mundo zona zonas lado lados
    cuerpo cuerpos tipos especie uso usos presencia existencia aumento origen orden paso pasos acuerdo
    finales principios mediados cabo respecto interior exterior alrededores contenido superficie
    significado diferencia diferencias recordatorio recuerda ojo atencion profesor deberes tarea
    cual plena pleno extensa amplia amplio profunda profundo enorme enormes
    resultante respectivo respectiva correspondiente desarrollo capacidad acción accion actividad
    distancia tamaño tamano color medida cerca real reales fundamental fundamentales
""")

# Regular verbs of school notes; nouns of the same spelling that one may ask for (carga, mezcla, lucha,
# prueba, marcha) are left out on purpose.
_ES_AR = """
    abarcar actuar afectar afirmar almacenar alimentar alcanzar anunciar aprobar aprovechar aumentar
    atacar basar buscar captar capturar causar celebrar circular clasificar colocar colaborar comenzar
    completar comunicar concentrar conquistar considerar contar controlar crear culminar dar decretar
    dedicar demostrar denominar derrotar desarrollar descomponer desembarcar destacar determinar
    disparar dominar durar ejecutar elaborar eliminar empezar encargar encontrar entregar entrar enunciar
    enviar especializar estabilizar estallar estudiar evitar evolucionar expresar expulsar fabricar facilitar
    favorecer firmar fijar finalizar formar formular fundar funcionar ganar generar gobernar girar habitar
    iniciar indicar inventar integrar liberar limitar lograr llamar llegar llevar manifestar mejorar
    modificar mostrar necesitar negociar ocasionar ocupar organizar originar pasar participar penetrar
    permanecer pintar presentar proclamar profesar promulgar proporcionar protagonizar provocar publicar
    quedar reaccionar realizar rechazar reflejar regular representar respirar resultar rodear secretar
    separar significar simbolizar sintetizar situar sumar soportar terminar tomar transformar transmitir
    transportar trasladar tratar triunfar usar utilizar variar viajar anunciar constar fluctuar equilibrar
    acelerar calentar enfriar evaporar disminuir condensar fecundar duplicar replicar catalizar degradar
    filtrar bombear oxigenar depositar fotografiar nombrar ordenar heredar reformar impulsar otorgar
"""
_ES_ER_IR = """
    absorber aparecer aprender ascender carecer ceder comer componer comprender conceder conocer contener
    convertir correr corresponder crecer deber defender depender desaparecer descender detener disponer
    ejercer emerger emprender entender envolver escoger establecer exponer extender extraer favorecer
    imponer mantener mover nacer obedecer obtener ofrecer parecer permanecer pertenecer poseer prever
    proponer proteger proveer reconocer recorrer responder romper someter sostener suceder surgir suponer
    vencer abolir abrir adquirir asistir coexistir compartir concluir conducir consistir constituir
    construir consumir contribuir cubrir cumplir decidir definir describir descubrir destruir difundir
    dirigir discutir disolver distinguir distribuir dividir elegir emitir escribir evadir excluir exigir
    existir expandir huir impartir impedir imprimir incluir influir introducir interrumpir invadir
    morir medir ocurrir permitir percibir preferir presidir producir recibir reducir referir regir repetir
    requerir residir resistir reunir seguir servir sufrir subir suprimir surtir sustituir traducir
    transmitir unir vivir fluir hervir fundir
"""
_ES_IRREGULAR = word_set("""
    está están estuvo dio dieron da dan dice dicen dijo dijeron hace hacen hizo hicieron hubo puso pusieron
    pone ponen propone proponen propuso compone componen dispone disponen supone supuso impuso expuso
    tiene tienen tuvo contiene contienen contuvo mantiene mantienen mantuvo obtiene obtienen obtuvo
    sostiene sostienen sostuvo detiene detuvo viene vienen vino vinieron proviene provienen interviene
    convierte convierten convirtió convirtieron mueve mueven muere mueren murió murieron nace nacen nació
    produjo produjeron condujo redujo redujeron introdujo tradujo sigue siguen siguió siguieron mide miden
    sirve sirven elige eligió eligieron pide rige rigen refiere refieren requiere requieren adquiere
    adquieren prefiere impide impiden repite repiten construye construyen construyó constituye constituyen
    constituyó destruye destruyen destruyó incluye incluyen incluyó distribuye distribuyen contribuye
    contribuyen contribuyó disminuye disminuyen influye influyen sustituye sustituyó sustituyen fluye huyó
    encuentra encuentran demuestra demuestran demostró muestra muestran comienza comienzan empieza empiezan
    defiende defienden extiende extienden entiende desciende asciende envuelve envuelven disuelve disuelven
    cuenta calienta aprueba posee poseen extrae extraen extrajo cae caen cayó cayeron trae leyó creó
    sabe sabemos vemos llamamos ve ven va van fue fueron era eran es son somos sea sean hay había deben
    debe quiere quieren suele suelen sintió nació creyó oyó protege protegen dirige dirigen surge surgen
    emerge exige elegían ejerce ejercen vence venció crece crecen conoce conocen reconoce nacieron surgía
    pertenece pertenecen aparece aparecen permanece obedece establece establecen ofrece ofrecen nutre
    gobierna gobernó contrae contraen relaja recubre rota pesa pesan late equivale equivalen vale valen
    llama llaman denomina atrae atraen repele repelen descompone descomponen hierve hierven funde provee
    fecunda define definen vuelve vuelven nutren consta constan atraviesa atraviesan piensa recuerda
""")


def _conjugate_es(infinitive: str) -> list[str]:
    """Third persons, present and past, of a regular Spanish verb; impossible forms do no harm."""
    stem, ending = infinitive[:-2], infinitive[-2:]
    if ending == "ar":
        soft = re.sub(r"z$", "c", stem)
        return [f"{stem}a", f"{stem}an", f"{stem}ó", f"{stem}aron", f"{stem}aba", f"{stem}aban", f"{soft}en"]
    return [f"{stem}e", f"{stem}en", f"{stem}ió", f"{stem}ieron", f"{stem}ía", f"{stem}ían", f"{stem}a"]


_ES_INFINITIVES = (_ES_AR + _ES_ER_IR).split()
_ES_REGULAR = frozenset(form for verb in _ES_INFINITIVES for form in _conjugate_es(verb))
# Nouns first: la forma, la causa.
_ES_REGULAR -= {"forma", "causa"}

_ES_DETERMINERS = (
    dict.fromkeys(
        [
            "el",
            "un",
            "del",
            "al",
            "este",
            "ese",
            "aquel",
            "otro",
            "todo",
            "nuestro",
            "ningun",
            "algun",
            "cuyo",
        ],
        "ms",
    )
    | dict.fromkeys(
        ["la", "una", "esta", "esa", "aquella", "otra", "toda", "nuestra", "ninguna", "alguna", "cuya"], "fs"
    )
    | dict.fromkeys(
        [
            "los",
            "unos",
            "estos",
            "esos",
            "aquellos",
            "otros",
            "todos",
            "nuestros",
            "algunos",
            "cuyos",
            "varios",
        ],
        "mp",
    )
    | dict.fromkeys(
        [
            "las",
            "unas",
            "estas",
            "esas",
            "aquellas",
            "otras",
            "todas",
            "nuestras",
            "algunas",
            "cuyas",
            "varias",
        ],
        "fp",
    )
    | dict.fromkeys(["su", "sus", "mi", "tu", "cada"], "")
)

SPANISH = Lexicon(
    code="es",
    stop=_ES_STOP,
    weak=_ES_WEAK,
    verbs=_ES_REGULAR | _ES_IRREGULAR,
    verb_ending=re.compile(r"(?:aron|ieron|aban?|ían|aría|ería|iría|ar[áé]n?|er[áé]n?|ir[áé]n?|ó)$"),
    determiners=_ES_DETERMINERS,
    prepositions=word_set(
        "de en con por sin entre mediante sobre contra bajo hacia hasta desde tras para como"
    ),
    links=word_set("de del da von van"),
    copulas=word_set("es son fue fueron era eran significa significan consiste consisten"),
    naming=_by_first_word("""
        se llama, se llaman, se denomina, se denominan, se conoce como, se conocen como, conocido como,
        conocida como, conocidos como, conocidas como, llamado, llamada, llamados, llamadas, denominado,
        denominada, denominados, denominadas
    """),
    dangling=word_set("""
        esto eso ello este esta estos estas ese esa esos esas aquel aquella su sus lo les le ambos ambas
        asi entonces tambien tampoco ademas luego pero sino ellos ellas ella cuya cuyo dicho dicha dichos
        dichas otro otra otros otras y e o
    """),
    places=word_set("en hacia desde hasta"),
    year_lead=word_set("en desde hasta hacia año ano años anos entre"),
    study_talk=word_set("examen deberes tarea pagina capitulo profesor profesora apuntes repasar estudiar"),
    months=word_set("""
        enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre
        lunes martes miercoles jueves viernes sabado domingo
    """),
    counts=("dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce"),
)  # fmt: skip

# --- English -------------------------------------------------------------------------------------

_EN_STOP = word_set("""
    a about above according across after again against all almost along already also although always am
    among an and another any anyone anything are around as at away be became because become becomes been
    before being below beneath between both but by can cannot could did do does doing done down due during
    each either else enough etc even ever every everyone everything except few for from further had has
    have having he hence her here hers herself him himself his how however i if in indeed inside instead
    into is it its itself just least less let like many may me meanwhile might mine more moreover most
    much must my myself near neither never nevertheless next no nobody none nor not nothing now of off
    often on once one only onto or other others our ours out outside over own per perhaps quite rather
    really s said same she should since so some someone something sometimes soon still such t than that
    the their theirs them themselves then there therefore these they this those though through throughout
    thus to together too toward towards under unless unlike until unto up upon us usually very via was we
    well were what when whenever where whereas whether which while who whole whom whose why will with
    within without would yet you your yours today yesterday tomorrow later finally additionally furthermore
    eventually currently originally generally e.g i.e ie eg
""")

_EN_WEAK = word_set("""
    part parts type types kind kinds form forms way ways example examples thing things case cases set sets
    group groups series name names place places level levels point points moment time times amount amounts
    number numbers majority half rest basis base end beginning start fact facts idea ideas topic topics
    section unit page pages note notes exam class importance function functions purpose goal goals role
    cause causes consequence consequences feature features characteristic characteristics property
    properties result results reason reasons problem problems advantage advantages element elements aspect
    aspects concept concepts definition summary introduction conclusion process processes phenomenon
    mechanism system systems method methods author date title chapter figure table image question answer
    first second third fourth fifth last only great large larger largest small smaller smallest big bigger
    high higher highest low lower lowest long longer short new old ancient good better best bad worse worst
    main major minor general different various several certain many important essential key common similar
    specific particular possible simple strong true total single single-celled average day days year years
    month months week weeks century centuries hour hours minute minutes hundred hundreds thousand thousands
    million millions billion billions decade decades era age period periods stage stages value values
    relation change changes effect effects study studies factor factors term terms word words person people
    world area areas side sides body use uses presence existence increase decrease origin order step steps
    variety range manner course means lot order response content surface inside outside difference
    differences reminder homework teacher early late modern entire full open wide deep rapid slow fast
    two three four five six seven eight nine ten eleven twelve development activity action ability
    capital leader work works amount size color colour distance ones addition contrast result account
    able available responsible necessary known called named based
    today need needs help helps
""")

_EN_VERBS = """
    absorb accept accumulate achieve act adapt affect aim allow announce appear arrive attach attack attract
    belong break bring build burn capture carry cause cease choose circulate claim classify collapse combine
    compose comprise conclude conduct conquer consider consist contain continue contribute control convert
    create cover cross declare decompose defeat define demonstrate denote depend derive describe destroy
    detect determine develop differ digest direct discover dissolve distribute divide dominate drive
    eliminate emerge emit enable encourage end enter equal establish evaporate evolve exert exist expand
    explain explore express extend extract fall fight find flow follow form found function gain generate
    give govern grow happen help hold impose improve include increase indicate influence inherit inhibit
    introduce invade invent involve join keep kill know lack lead learn leave lie limit lose maintain make
    mean move need obtain occupy occur originate own participate pass perform play possess prefer prevent
    produce promote propose protect prove provide publish pump react reach receive reduce refer reflect
    regulate relate release remain remove replace represent repel require resist result rise rotate run
    see seem send separate serve show sign store stimulate suffer suggest supply support surround survive
    sustain take tend transform translate transmit transport travel trigger turn understand undergo unite
    use vary weigh win write convince eat live breathe speak spin stem synthesize synthesise filter
    melt freeze condense boil sink float react
    emancipate ratify enact abolish overthrow assassinate migrate secrete bind replicate
"""
_EN_IRREGULAR = word_set("""
    come comes came go goes went gone get gets got see sees
    is are was were am be been has have had does did became began broke brought built chose came drew drove
    fell fought found gave grew held kept knew led left lost made meant met rose ran said saw sent shown
    showed spoke spread stood took taught thought told understood underwent went won wrote written known
    carries classifies occupies relies multiplies signifies varies passes reaches discovers
    overthrew underlies called named defined
""")


def _conjugate_en(base: str) -> list[str]:
    """The forms of a regular English verb; a wrong guess (runned) does no harm."""
    if base.endswith("y") and base[-2] not in "aeiou":
        return [base, f"{base[:-1]}ies", f"{base[:-1]}ied"]
    plural = f"{base}es" if base.endswith(("s", "sh", "ch", "x", "z")) else f"{base}s"
    return [base, plural, f"{base}d" if base.endswith("e") else f"{base}ed"]


_EN_DETERMINERS = dict.fromkeys(
    [
        "the",
        "a",
        "an",
        "this",
        "that",
        "these",
        "those",
        "its",
        "their",
        "his",
        "her",
        "our",
        "each",
        "every",
        "any",
        "some",
        "another",
    ],
    "",
)

ENGLISH = Lexicon(
    code="en",
    stop=_EN_STOP,
    weak=_EN_WEAK,
    verbs=frozenset(form for base in _EN_VERBS.split() for form in _conjugate_en(base)) | _EN_IRREGULAR,
    verb_ending=re.compile(r"(?:(?:ul|in|er|iv|ic|or)ates|iz(?:e|es)|ifies|[a-z]{2}[^e]ed)$"),
    determiners=_EN_DETERMINERS,
    prepositions=word_set("of in with by for from into on between through during without as under to at"),
    links=word_set("of de da von van"),
    copulas=word_set("is are was were means refers consists"),
    naming=_by_first_word("""
        is called, are called, called, is known as, are known as, known as, named, is termed, are termed
    """),
    dangling=word_set("""
        this these that those it they he she its their his her such so then thus also but and or both another
        therefore hence others which who here there
    """),
    places=word_set("in at from near"),
    year_lead=word_set("in since until by from year between after before around"),
    study_talk=word_set("exam homework chapter page teacher slide slides quiz"),
    months=word_set("""
        january february march april may june july august september october november december
        monday tuesday wednesday thursday friday saturday sunday
    """),
    counts=(
        "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"
    ),
)  # fmt: skip

LEXICONS = {"es": SPANISH, "en": ENGLISH}

# Neighbours a Spanish or English instruction must not be put on: their commonest words, those they
# share with Spanish included, so that hits can be compared. Folded.
NEIGHBOURS = {
    "fr": word_set("""
        le la les l de des du d un une et est en dans que qui pour par sur se il elle au aux ce cette sont ne
        pas plus avec ou ses son leur leurs on nous a ont etait cellule
    """),
    "pt": word_set("""
        de a o que e do da em um para com nao uma os no se na por mais as dos como mas ao ele das seu sua sao
        foi pelo pela nos nas ou quando muito tambem todos todas todo este esta isso ela eles elas entre
        sobre ate ser ter tem foram era sem mesmo outro outros aos depois desde cada
    """),
    "it": word_set("""
        di il che e la le i un una in per con del della dei delle non si sono da al alla nel nella gli lo come
        ma dal dalla piu anche questo questa ha
    """),
    "de": word_set("""
        der die das und ist in den von zu mit sich des auf fur im dem nicht ein eine als auch es an werden aus
        er hat dass sie nach wird bei einer um am sind noch wie einem einen so zum
    """),
    "ca": word_set("""
        de la el i a que les els en un una per amb del es dels als al no se son com mes pel aquest aquesta o
        va ser seva seu ha
    """),
}

# --- Punctuation ---------------------------------------------------------------------------------

# After these a full stop never ends a sentence.
ABBREVIATIONS = word_set("""
    sr sra srta sres dr dra drs prof profa ing lic dña ud uds vd pág pag págs pags pp p fig figs cap caps vol
    vols núm num nro nº art arts aprox ej max máx min mín gral cía st mr mrs ms vs eg ie cf ca approx dept
    al trad ed eds ss sto sta mons cmdr lt sgt rev hon
""")
# After these it may: the next word decides.
CLOSING_ABBREVIATIONS = word_set("uu ee ac dc am pm sa sl jr inc ltd co bc ad aec ec us uk")
