import { maybe, type Plot, some } from '../plot.js'

export const grandparents: Plot = {
  name: 'grandparents',
  hero: 'child',
  cast: { grand: 'grand', parent: 'parent' },
  foods: { meal: 'meal', snack: 'snack' },
  things: { thing: 'old' },
  lets: {
    way: 'by train|by bus|by car|by bike|on foot through the woods|by boat|on the back of a wagon',
    where:
      'a farmhouse|a little house by the sea|a cottage in the woods|a village in the mountains|an old house with a big garden|a house next to a mill|a small house by a lake',
    work: 'feed the hens|pick cherries|water the garden|milk the cow|repair the fence|gather eggs|chop vegetables|paint the gate|bake bread|catch fish|dig up potatoes|look after the bees|collect wood',
  },
  want: 'work',
  beats: [
    `- [Day], [hero] went to visit [grand] [way]. [Grand] lived in [where].
     - It was vacation time. [Hero] was going to stay with [grand], who lived in [where].
     - [Day], [parent] took [hero] to [grand], who lived in [where]. They went there [way].
     - [Day], there was a letter from [grand]. "Please come and visit me," it said. So [hero] packed a bag and
       went there [way].`,
    `- [Grand] was already standing at the door. "How big you are now!" said [grand].
     - "There you are at last!" cried [grand] and $hug [hero].
     - On the table there was [meal], because [grand] knew what [hero] liked.
     - It smelled of [meal] and [snack]. [Hero] ran into [grand.his] arms.`,
    `- At first, [hero] did not know what to do. There was no television and there were no other children.
       [Hero.He] missed home a little.
     - In the beginning, everything was strange. The bed was so high, and the house made funny noises.
     - "I am bored," said [hero] on the second day. [Grand] laughed.
     - [Hero] looked around. There were so many old things in the house.`,
    `- "Come, you can help me," said [grand]. "We will [work]." That was fun!
     - In the morning, they got up early to [work]. [Hero] had never done that before.
     - [Grand] showed [hero] how to [work]. At first it was hard, but then it went very well.
     - "Do you want to [work] with me?" asked [grand]. [Hero] was allowed to do everything alone.`,
    `- In the afternoon, [hero] found [thing.a] on a shelf. "That was mine when I was a child," said [grand]
       and told a story about it.
     - One evening, [grand] took [thing.a] out of a drawer. "This is older than I am," said [grand].
     - When it rained, they went up to the attic. There they found [thing.a]. "I thought it was lost," said
       [grand].
     - On the last day, [grand] gave [hero] [thing.a]. "I got it from my own grandfather," said [grand]. "Now
       it is yours."`,
    some(
      1,
      2,
      `- In the evenings, they sat by the fire, and [grand] told stories of long ago.
     - They went for a walk and [grand] knew the name of every flower.
     - They played cards, and [hero] won almost every time.
     - They ate [snack.some] on the bench in front of the house.
     - At night, they looked at the stars together.
     - [Grand] sang the songs of the old days, and [hero] sang along.`,
    ),
    `- Then it was time to go home. [Hero] did not want to leave. "Come back soon," said [grand].
     - The days went by so fast. When [parent] came to take [hero] home, [hero] was almost sad.
     - "Can I stay one more day?" [hero] asked [parent] when it was time to go.
     - [Hero] waved until [grand] was only a tiny dot.`,
    maybe(
      0.6,
      `- At home, [hero] wrote a letter to [grand] and drew a picture of the house.
     - "It was so nice," [hero] told everyone at home. "We could [work]!"
     - In [hero.his] bag, [hero.he] found [snack.some] for the way. [Grand] thought of everything.
     - [Hero] counted the days until the next visit.`,
    ),
  ],
  moral:
    'old people know many wonderful things|time together is the best present|there is always something to do when one looks around|old things can tell stories',
  feelings: 'happy|loved|content|thankful',
  questions: `
    Who did [hero.full] visit? = [Hero.full] visited [grand.full].
    What could they do together? = They could [work].`,
}

export const baby: Plot = {
  name: 'new-baby',
  hero: 'child',
  traits: 'lively|lonely|sweet|clever|quiet',
  cast: { parent: 'parent', baby: 'baby' },
  things: { thing: 'toy soft' },
  rows: {
    calm: [
      'sang a soft song',
      'made a funny face',
      'showed the baby how the curtain moved in the wind',
      'tickled the baby with a feather',
      'danced in front of the bed',
      'played a little song on a comb',
      'told the story of the three bears',
      'clapped and made sounds like a duck',
      'blew soap bubbles',
      'played peekaboo with a pillow',
    ],
  },
  want: 'calm',
  beats: [
    `- [Day], [parent] said, "[baby.name] is here at last. You have a baby [baby.kind] now." [Hero] was
       curious.
     - [Day], there was a new baby in the house. It was [baby].
     - [Day], [parent] came home with a baby. "This is [baby.name], your [baby.kind]," said [parent].
     - A few weeks ago, a baby had come into the family. It was [baby].`,
    `- But the baby was so small! It could not play. It only slept and cried.
     - [Hero] had thought that they would play together. But [baby.name] could not even sit.
     - $everyone wanted to see the baby. Nobody looked at [hero] anymore.
     - Now nobody had time for [hero]. It was always the baby, the baby, the baby.`,
    `- "Read me a story," said [hero]. "Later," said [parent], "the baby needs me."
     - "Come and play with me!" said [hero]. "Be quiet, please, [baby.name] is asleep," said [parent].
     - [Hero] was $sad and a little angry. "You can give the baby back," [hero.he] said.
     - [Hero] sat down in a corner with [thing.a]. "Nobody loves me," [hero.he] whispered.`,
    `- [Parent] sat down next to [hero] and put an arm around [hero.him]. "I love you as much as before," said
       [parent]. "My heart just became bigger."
     - That night, [parent] came to the bed of [hero]. "You will always be my first one," said [parent].
     - [Parent] understood. "You were that small, too," said [parent] and showed [hero] a picture.
     - "A baby needs a big {?girl:sister|brother}," said [parent]. "You can do things that nobody else can
       do."`,
    `- One day, [baby.name] cried and cried. Nobody could stop it. Then [hero] [calm]. And look, the baby
       laughed!
     - The next day, the baby would not stop crying. [Hero] [calm]. At once it was quiet and looked at [hero]
       with big eyes.
     - When [baby.name] cried again, [hero] went to the little bed and [calm]. The baby stopped crying and
       smiled for the first time.
     - Then [hero] was alone with the baby for a moment. It began to cry. [Hero] [calm], and the baby became
       calm.`,
    `- "You did that very well!" said [parent]. "[Baby.name] loves you."
     - The baby held [hero.his] finger with its tiny hand and did not let go.
     - [Parent] was amazed. "Nobody can do it like you," said [parent].
     - From that moment on, [hero] loved the baby very much.`,
    maybe(
      0.7,
      `- [Hero] gave the baby [hero.his] [thing] to sleep with.
     - "When you are bigger, I will show you everything," [hero] whispered to the baby.
     - After that, [hero] helped every day.
     - Now they were a real family of many.
     - In the evening, [parent] read a story, and both of them listened.`,
    ),
  ],
  moral:
    'there is enough love for everyone|even a small child can be a big help|a heart can always grow bigger|being big can be wonderful',
  feelings: 'proud|loved|happy|important',
  questions: `
    What was the name of the baby? = The name of the baby was [baby.name].
    What did [hero.full] do when the baby cried? = [Hero.full] [calm].
    Why was [hero.full] sad at first? = Nobody had time for [hero.full].`,
}

export const bedtime: Plot = {
  name: 'bedtime',
  time: 'evening',
  hero: 'child',
  traits: 'lively|curious|wide-awake|busy|merry',
  cast: { parent: 'parent|grand|older' },
  things: { thing: 'toy soft' },
  rows: {
    dream: [
      'a ship that sailed through the clouds / sailed to the moon and back',
      'a forest where the trees could talk / asked the oldest tree its name',
      'a train that ran over the rainbow / sat in the first seat',
      'a castle made of cookies / ate a little bit of the door',
      'a whale that could sing / rode on its back through the waves',
      'a garden full of stars / picked one and put it in a pocket',
      'a bird with golden feathers / flew with it over the roofs',
      'a bear who baked pancakes / helped to turn them over',
      'an island full of friendly lions / taught them to play ball',
      'a staircase up to the sky / counted a thousand steps',
      'a snowman who was never cold / danced in the snow all night',
      'a tiny door in the wall / went in and met a family of mice',
    ],
  },
  want: 'dream',
  beats: [
    `- It was late, but [hero] did not want to go to bed. "I am not tired at all," [hero.he] said.
     - One evening, [parent] said, "It is time for bed." "Already?" asked [hero].
     - One night, [hero] could not fall asleep. [Hero.He] turned to the left and to the right.
     - One evening, [hero] lay in bed with open eyes. Sleep did not come.`,
    `- "I am thirsty," said [hero]. [Parent] brought a glass of water.
     - "I need my [thing]," said [hero]. [Parent] looked for it and found it under the chair.
     - "There is something under my bed," said [hero]. [Parent] looked. There was only dust.
     - First [hero] wanted some water, then a kiss, and then another kiss.`,
    some(
      1,
      2,
      `- "Why is the moon so round tonight?" asked [hero]. "It has had a good dinner," said [parent].
     - "Do fish sleep, too?" asked [hero]. "Yes, with open eyes," said [parent].
     - "Can you count all the stars?" asked [hero]. "I fall asleep before I get to a hundred," said [parent].
     - "Where does the sun go at night?" asked [hero]. "It shines for the children on the other side of the
       world," said [parent].
     - [Hero] counted sheep. But at number twelve, the sheep began to dance.
     - Outside, the wind was humming a song in the trees.`,
    ),
    `- "Close your eyes," said [parent], "and I will tell you about [dream]."
     - [Parent] sat down on the bed and began to tell a story. It was about [dream].
     - "Imagine [dream]," said [parent] in a soft voice.
     - "Do you know the story of [dream]?" asked [parent]. [Hero] shook [hero.his] head and listened.`,
    `- [Hero] held [hero.his] [thing] and listened. Soon [hero.his] eyes grew heavy.
     - The voice of [parent] became softer and softer. [Hero] yawned.
     - [Hero] wanted to hear the end. But [hero.his] eyes closed all by themselves.
     - "And then?" asked [hero], but [hero.his] voice was already very sleepy.`,
    `- And in [hero.his] dream, [hero] saw [dream]. [Hero.He] [dream.b].
     - Then [hero] was asleep. [Hero.He] dreamed of [dream] and [dream.b].
     - When [parent] turned off the light, [hero] was far away. In the dream, [hero.he] [dream.b].
     - That night, [hero] [dream.b], but only in a dream.`,
    `- "Good night," whispered [parent] and closed the door.
     - In the morning, the sun woke [hero]. "I had the most wonderful dream," [hero.he] said.
     - The moon looked through the window and smiled.
     - The next evening, [hero] was the first one in bed. "Tell me more about [dream.the]!" [hero.he] said.
     - "You see, you were tired after all," said [parent] the next morning.`,
  ],
  moral:
    'good dreams come to those who close their eyes|a story can be the way into a dream|everyone needs sleep|one can travel far without leaving the bed',
  feelings: 'calm|safe|cozy|happy',
  questions: `
    What was the story about? = The story was about [dream].
    Who told the story? = [Parent.full] told the story.
    What did [hero.full] do in the dream? = [Hero.full] [dream.b].`,
}
