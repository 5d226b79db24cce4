/**
 * Things: noun | tags | what one does with it (several by ;). Tags: toy, two (two can play with it), small (fits a hand),
 * mend (can break and be mended), soft, c (may have any colour), gift (a child gives it to somebody), own (a child owns
 * one), make (a child can make it), old (found in an attic), shine, wear, water, music, trade, tall (breaks when it
 * falls), up (can get stuck in a tree), found (may lie on the ground, lost by somebody), chest (lies in a treasure box).
 */
export interface Thing {
  readonly noun: string
  readonly tags: readonly string[]
  readonly uses: readonly string[]
}

const ROWS = `
ball|toy two small c own trade up found|bounce it;throw it high;roll it down the hill
kite|toy mend c own make|fly it;watch it dance in the sky
doll|toy two soft c own trade found|play with it;dress it up;rock it to sleep
teddy bear|toy small soft c own found|hug it;sleep with it;take it everywhere
toy car|toy two small mend c own trade found|race it across the floor;play with it
toy truck|toy two small mend c own trade found|fill it with sand;push it around
toy train|toy two small mend c own trade|push it around the room;play with it
toy boat|toy two small mend c own trade water make found|sail it on the water;play with it in the bath
toy plane|toy two small mend c own trade make up found|fly it around the room;play with it
toy robot|toy two mend c own trade|wind it up;watch it walk
toy horse|toy small mend c own trade found|play with it;make it gallop
toy dinosaur|toy small c own trade found|make it roar;play with it
puzzle|toy two c own trade|put it together;play with it
drum|toy two mend c own music trade|beat it;play it loudly
flute|toy small own music make trade gift|play it;make music with it
trumpet|toy mend own music shine|blow it;play it
guitar|toy mend c own music|play it;strum it softly
bell|small shine music gift found chest|ring it;listen to it
whistle|toy small c own music trade found chest|blow it;make music with it
bike|two mend c own|ride it;ride it down the street
scooter|toy two mend c own trade|ride it;race on it
wagon|toy two mend c own|pull it;ride in it
sled|toy two mend c own|ride it down the hill;pull it through the snow
skateboard|toy two mend c own trade|ride it;roll down the street on it
jump rope|toy two small c own trade|skip with it;play with it
hoop|toy two c own trade|roll it down the path;spin it around
balloon|toy small c gift up|watch it float;hold it tight
frisbee|toy two small c own trade up found|throw it;catch it
yo-yo|toy two small c own trade found|make it go up and down;play with it
spinning top|toy two small mend c own trade chest|spin it;watch it whirl
marble|toy two small c shine trade found chest|roll it;look through it
block tower|toy two make tall|make it taller;knock it down
puppet|toy two small soft c own trade make gift|make it talk;play with it
music box|small mend gift old tall own chest|open it;listen to its song
picture book|two small own gift trade c|read it;look at the pictures
story book|two small own gift trade c|read it at bedtime;read it again and again
notebook|small c own gift found|write in it;draw in it
crayon|two small c own trade|draw with it;color with it
paintbrush|two small c own trade|paint with it;make pictures with it
pencil|small c own trade found|write with it;draw with it
paint box|two c own gift trade|paint with it;make pictures with it
hat|small soft c own wear gift up found|wear it;put it on
cap|small soft c own wear gift up trade found|wear it;put it on
scarf|small soft c own wear gift make up found|wear it;put it on
sweater|soft c own wear make gift|wear it;put it on
coat|soft c own wear|wear it;put it on
dress|soft c own wear gift|wear it;dance in it
mitten|small soft c own wear found|wear it;put it on
raincoat|c own wear|wear it;put it on
ribbon|small soft c own wear gift trade up found|wear it;tie it into a bow
necklace|small shine own wear gift make old found chest|wear it;look at it
bracelet|small shine c own wear gift make trade found chest|wear it;look at it
ring|small shine wear gift old found chest|wear it;look at it
crown|shine wear toy old make chest|wear it;play king and queen with it
mask|small c wear toy make trade|wear it;play with it
backpack|c own|carry it to school;fill it with books
umbrella|c own two mend|open it;walk in the rain with it
blanket|soft c own two make gift|sleep under it;build a tent with it
pillow|soft c own make gift|sleep on it;hug it
basket|c own gift make|carry it;fill it with flowers
box|c gift make old|open it;keep things in it
lamp|c tall old shine mend|turn it on;read beside it
lantern|old shine|light it;carry it in the dark
candle|small c gift|light it;look at its flame
clock|mend tall old shine|look at it;listen to it tick
watch|small mend shine old gift found|wear it;look at it
vase|c tall shine|look at it;fill it with flowers
cup|small c tall gift|drink from it;fill it with milk
bowl|c tall make gift|eat from it;fill it with fruit
plate|c tall gift|eat from it;put cookies on it
teapot|c tall old|pour tea from it;polish it
mug|small c tall gift|drink from it;fill it with cocoa
jar|c tall|fill it with cookies;keep shells in it
flower pot|c tall make gift|plant a flower in it;water it
mirror|tall old shine|look into it;polish it
picture|gift make old|look at it;hang it on the wall
picture frame|tall make gift|look at it;put a picture in it
piggy bank|c tall own|save coins in it;shake it
snow globe|small tall shine gift|shake it;look at it
glass bird|small tall shine c|look at it;hold it to the light
seashell|small shine gift trade old found chest|listen to it;look at it
feather|small soft c gift trade found|tickle people with it;look at it
stone|small shine c gift trade old found chest|hold it;look at it
crystal|small shine c gift old trade chest|hold it to the light;look at it
coin|small shine old found chest|spin it;save it
key|small shine old found chest|turn it in a lock;look at it
medal|small shine wear old found chest|wear it;polish it
compass|small mend shine old trade found chest|look at it;find the way with it
map|small old found|look at it;follow it
telescope|mend old shine two chest|look at the stars through it;look through it
magnifying glass|small two own trade found chest|look at bugs with it;look at leaves through it
camera|small mend own old found|take pictures with it;look through it
flashlight|small own c found|turn it on;shine it in the dark
bucket|two c own toy|fill it with sand;carry water in it
shovel|two c own toy|dig with it;make a sand castle with it
watering can|c own two|water the flowers with it;fill it
fishing rod|own two mend make|catch fish with it;fish with it
net|own two mend|catch butterflies with it;catch little fish with it
tent|two c own mend|sleep in it;play in it
swing|two make mend|swing on it;sit on it
birdhouse|make gift c mend|hang it in a tree;paint it
card|make gift small c|read it;look at it
paper boat|toy small make c water|sail it on the water;play with it
paper plane|toy small make two c up|throw it;watch it fly
paper flower|small make gift c|look at it;put it in a vase
snowman mug|small tall gift|drink cocoa from it;look at it
rocking horse|toy two mend old own|ride it;rock on it
dollhouse|toy two mend own old|play with it;put dolls in it
toy castle|toy two mend own make c|play with it;guard it
toy sword|toy small own make two c|play knight with it;swing it
toy crane|toy two mend own c trade|lift blocks with it;play with it
toy bus|toy two small mend own c trade found|drive it around;play with it
toy rocket|toy two small mend own c trade make|play with it;send it to the moon
toy elephant|toy small soft own c found|hug it;play with it
toy rabbit|toy small soft own c found|hug it;sleep with it
toy penguin|toy small soft own c found|hug it;play with it
toy lion|toy small soft own c found|make it roar;hug it
toy mouse|toy small soft own c found|hide it;play with it
toy ship|toy two mend own c water trade|sail it on the water;play with it
chess set|toy two own old|play a game with it;put it in order
board game|toy two own trade|play it;win it
bubble wand|toy two small own c trade found|blow bubbles with it;play with it
tambourine|toy two small own music trade c|shake it;make music with it
xylophone|toy two own music c|play it;make music with it
harmonica|small own music gift old trade found chest|play it;make music with it
sticker book|two small own trade c|look at it;fill it with stars
treasure box|own old make|open it;keep shells in it
pinwheel|toy two small own make c gift|blow on it;watch it spin
apron|soft c own wear gift|wear it;put it on
pocket knife|small old|carve wood with it;keep it
boot|c own wear|wear it;splash in it
slipper|soft c own wear small|wear it;put it on
toothbrush|small c own|brush teeth with it;use it
comb|small c own gift found|use it;comb a doll with it
button|small c shine found trade|sew it on;look at it
purse|c shine found wear|open it;carry it
wallet|found|open it;carry it
glove|small soft c wear found|wear it;put it on
`

export const THINGS: readonly Thing[] = ROWS.trim()
  .split('\n')
  .map((row) => {
    const [noun, tags, uses] = row.split('|')
    return { noun, tags: tags.split(' '), uses: uses.split(';') }
  })

const byTag = new Map<string, readonly Thing[]>()

/** The things that have all of the tags, e.g. "toy small". */
export function thingsWith(tags: string): readonly Thing[] {
  let list = byTag.get(tags)
  if (list === undefined) {
    const wanted = tags.split(' ')
    list = THINGS.filter((thing) => wanted.every((tag) => thing.tags.includes(tag)))
    if (list.length === 0) throw new Error(`There is no thing that is ${tags}`)
    byTag.set(tags, list)
  }
  return list
}

export const COLORS =
  'red|blue|green|yellow|orange|purple|pink|white|black|brown|gray|golden|silver|red|blue|green|yellow'.split(
    '|',
  )

const LOOKS: Readonly<Record<string, string>> = {
  soft: 'soft|fluffy|warm|woolly|cozy|fuzzy',
  shine: 'shiny|bright|sparkling|beautiful|pretty|smooth',
  old: 'old|strange|beautiful|dusty|special',
  toy: 'new|nice|wonderful|big|little|favorite|funny',
}
const PLAIN = 'new|nice|big|little|pretty|lovely|special|fine'.split('|')
const LOOKS_BY_TAG = new Map(Object.entries(LOOKS).map(([tag, list]) => [tag, list.split('|')]))

/** Adjectives other than colours that fit the thing. */
export function looksOf({ tags }: Thing): readonly string[] {
  for (const tag of tags) {
    // What somebody has just made is not old.
    if (tag === 'old' && tags.includes('make')) continue
    const list = LOOKS_BY_TAG.get(tag)
    if (list !== undefined) return list
  }
  return PLAIN
}
