/**
 * Animals: the noun, its young, its home, its sound, its legs, what it eats, what it can do; and how it may appear:
 * h (hero of a story), w (wild and small, may be helped), p (pet).
 */
export interface Animal {
  readonly noun: string
  readonly young: string
  readonly home: string
  /** Third person: "barks". Empty where there is nothing to say. */
  readonly sound: string
  readonly legs: number
  readonly food: string
  readonly able: string
  readonly marks: string
}

const ROWS = `
dog|puppy|a kennel|barks|4|meat|run fast|hp
cat|kitten|a house|meows|4|fish|climb trees|hp
rabbit|bunny|a burrow|squeaks|4|carrots|hop|hwp
fox|cub|a den|yelps|4|berries and mice|run fast|h
bear|cub|a cave|growls|4|honey and fish|climb trees|h
mouse|baby mouse|a hole|squeaks|4|cheese and seeds|squeeze into small holes|hwp
duck|duckling|a pond|quacks|2|bread and plants|swim|hw
frog|tadpole|a pond|croaks|4|flies|jump far|hw
owl|owlet|a hollow tree|hoots|2|mice|see in the dark|hw
squirrel|baby squirrel|a tree|chatters|4|nuts|climb trees|hw
hedgehog|hoglet|a pile of leaves|snuffles|4|bugs|roll into a ball|hw
turtle|baby turtle|a pond||4|leaves|swim|hwp
pig|piglet|a sty|oinks|4|corn|roll in the mud|h
cow|calf|a barn|moos|4|grass|give milk|
horse|foal|a stable|neighs|4|hay|gallop|h
sheep|lamb|a field|baas|4|grass|give wool|
goat|kid|a farm|bleats|4|leaves and grass|climb rocks|h
hen|chick|a coop|clucks|2|seeds|lay eggs|h
rooster|chick|a coop|crows|2|corn|wake the farm|
goose|gosling|a farm|honks|2|grass|swim|h
donkey|foal|a stable|brays|4|hay|carry bags|h
monkey|baby monkey|the jungle|chatters|4|bananas|swing from trees|h
lion|cub|the grassland|roars|4|meat|run fast|h
tiger|cub|the jungle|roars|4|meat|swim|h
elephant|calf|the grassland|trumpets|4|leaves and grass|lift logs|h
giraffe|calf|the grassland|hums|4|leaves|reach tall trees|
zebra|foal|the grassland|barks|4|grass|run fast|
wolf|pup|a den|howls|4|meat|run far|
deer|fawn|the forest|grunts|4|leaves and grass|leap|h
penguin|chick|the ice|honks|2|fish|swim|
seal|pup|the sea|barks|0|fish|swim|
whale|calf|the ocean|sings|0|tiny sea animals|dive deep|
dolphin|calf|the ocean|clicks|0|fish|leap out of the water|
bee|baby bee|a hive|buzzes|6|sweet juice from flowers|make honey|
ant|baby ant|an anthill||6|crumbs|carry heavy things|
spider|baby spider|a web||8|flies|spin webs|
butterfly|caterpillar|the garden||6|sweet juice from flowers|fly|hw
snail|baby snail|a shell||0|leaves|carry its house|
bird|chick|a nest|chirps|2|seeds and worms|fly|hw
parrot|chick|a tree|squawks|2|fruit|talk|hp
crow|chick|a nest|caws|2|corn|fly|
swan|cygnet|a lake|hisses|2|water plants|swim|
camel|calf|the desert|grunts|4|dry plants|walk far without water|
kangaroo|joey|the grassland|clicks|0|grass|hop far|
koala|joey|a tree|grunts|4|leaves|climb trees|h
panda|cub|the forest|bleats|4|bamboo|climb trees|h
snake|baby snake|a hole|hisses|0|mice and eggs|slide on the ground|
crocodile|hatchling|a river|growls|4|meat|swim|
beaver|kit|a lodge|slaps its tail|4|bark and twigs|build dams|h
raccoon|kit|a hollow tree|chatters|4|fruit and nuts|climb trees|h
otter|pup|a river|squeaks|4|fish|swim|h
mole|pup|a tunnel|squeaks|4|worms|dig|h
badger|cub|a burrow|growls|4|worms and berries|dig|h
hamster|pup|a cage|squeaks|4|seeds|run in a wheel|p
goldfish|baby fish|a fish bowl||0|fish flakes|swim|p
pony|foal|a stable|neighs|4|apples and hay|trot|h
chipmunk|pup|a burrow|chirps|4|nuts and seeds|run up trees|hw
crab|baby crab|the beach||10|tiny sea animals|walk sideways|
octopus|baby octopus|the sea||8|crabs|hide in small holes|
ladybug|baby ladybug|the garden||6|tiny bugs|fly|
moose|calf|the forest|grunts|4|leaves and twigs|swim|
robin|chick|a nest|chirps|2|worms|fly|hw
`

export const ANIMALS: readonly Animal[] = ROWS.trim()
  .split('\n')
  .map((row) => {
    const [noun, young, home, sound, legs, food, able, marks] = row.split('|')
    return { noun, young, home, sound, legs: Number(legs), food, able, marks }
  })

export const HERO_ANIMALS = ANIMALS.filter(({ marks }) => marks.includes('h'))
export const SMALL_WILD = ANIMALS.filter(({ marks }) => marks.includes('w'))

/** How a small animal that is met looks. */
export const LOOKS =
  'brown|gray|white|black|fluffy|spotted|striped|golden|shy|tiny|thin|soft|lonely|sleepy|friendly'.split('|')
